// Time behind an interface, so that tests can set it. Wall time is milliseconds since 1970-01-01
// UTC.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace parley {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now_ms() const = 0;  // wall time
  virtual double monotonic_s() const = 0;   // seconds from an arbitrary start, never backwards
  static const Clock& system();
};

class ManualClock : public Clock {
 public:
  explicit ManualClock(std::int64_t start_ms = 0) : ms_(start_ms) {}
  std::int64_t now_ms() const override { return ms_; }
  double monotonic_s() const override { return static_cast<double>(ms_) / 1000; }
  void advance_ms(std::int64_t ms) { ms_ += ms; }

 private:
  std::atomic<std::int64_t> ms_;
};

// 2026-11-21T06:47:00.123Z
std::string format_utc(std::int64_t ms);

}  // namespace parley
