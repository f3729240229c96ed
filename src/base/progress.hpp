// A progress line for long work: bar, rate and ETA on a terminal; a plain line every few seconds
// otherwise.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace parley {

// "1.2 MB", "3.4 k", "2 min 05 s"
std::string human_bytes(double bytes);
std::string human_count(double count);
std::string human_seconds(double seconds);

class Progress {
 public:
  // `total` 0 means unknown. `unit` is "B" (shown as bytes) or a noun ("dialogues").
  Progress(std::string title, std::uint64_t total, std::string unit);
  ~Progress();  // clears the line
  void update(std::uint64_t done, const std::string& note = {});
  void finish(const std::string& summary);  // replaces the bar by one final line

 private:
  void draw(std::uint64_t done, const std::string& note);
  std::string title_;
  std::uint64_t total_;
  std::string unit_;
  double start_;
  double last_draw_ = 0;
  bool drawn_ = false;
  bool terminal_;
};

}  // namespace parley
