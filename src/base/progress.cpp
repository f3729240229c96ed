#include "base/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "base/terminal.hpp"

namespace parley {

std::string human_bytes(double bytes) {
  static constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  int unit = 0;
  while (bytes >= 1000 && unit < 4) bytes /= 1000, ++unit;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_count(double count) {
  if (count < 10000) return fmt::format("{:.0f}", count);
  if (count < 1e6) return fmt::format("{:.1f} k", count / 1e3);
  return fmt::format("{:.2f} M", count / 1e6);
}

std::string human_seconds(double seconds) {
  if (seconds < 10) return fmt::format("{:.1f} s", seconds);
  const long s = static_cast<long>(seconds + 0.5);
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{} min {:02} s", s / 60, s % 60);
  return fmt::format("{} h {:02} min", s / 3600, s / 60 % 60);
}

Progress::Progress(std::string title, std::uint64_t total, std::string unit)
    : title_(std::move(title)),
      total_(total),
      unit_(std::move(unit)),
      start_(Clock::system().monotonic_s()),
      terminal_(stderr_is_terminal()) {}

Progress::~Progress() {
  if (drawn_ && terminal_) std::fputs(kClearLine.data(), stderr);
}

void Progress::update(std::uint64_t done, const std::string& note) {
  const double now = Clock::system().monotonic_s();
  const double pause = terminal_ ? 0.1 : 5.0;
  if (now - std::max(last_draw_, terminal_ ? 0.0 : start_) < pause) return;
  last_draw_ = now;
  draw(done, note);
}

void Progress::draw(std::uint64_t done, const std::string& note) {
  const double elapsed = std::max(Clock::system().monotonic_s() - start_, 1e-3);
  const double rate = static_cast<double>(done) / elapsed;
  const bool bytes = unit_ == "B";
  std::string line = fmt::format("{:<12} ", title_);
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
    const int width = 24;
    const int full = static_cast<int>(share * width);
    for (int i = 0; i < width; ++i) line += i < full ? "█" : "░";
    line += fmt::format(" {:3.0f}%  ", share * 100);
  }
  line += bytes ? fmt::format("{}  {}/s", human_bytes(static_cast<double>(done)), human_bytes(rate))
                : fmt::format("{} {}  {}/s", human_count(static_cast<double>(done)), unit_,
                              human_count(rate));
  if (total_ > done && rate > 0) {
    line += "  ETA " + human_seconds(static_cast<double>(total_ - done) / rate);
  }
  if (!note.empty()) line += "  " + note;
  drawn_ = true;
  if (terminal_) {
    std::fprintf(stderr, "%s%s", kClearLine.data(), line.c_str());
  } else {
    std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::fflush(stderr);
}

void Progress::finish(const std::string& summary) {
  if (drawn_ && terminal_) std::fputs(kClearLine.data(), stderr);
  drawn_ = false;
  std::fprintf(stderr, "%-12s %s\n", title_.c_str(), summary.c_str());
}

}  // namespace parley
