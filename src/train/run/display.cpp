#include "train/run/display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/clock.hpp"
#include "base/progress.hpp"
#include "base/terminal.hpp"

namespace parley::train {

std::string sparkline(const std::vector<float>& values, int width) {
  static constexpr const char* kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (values.empty() || width < 1) return {};
  const std::size_t buckets = std::min<std::size_t>(static_cast<std::size_t>(width), values.size());
  std::vector<float> means(buckets, 0);
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::size_t from = values.size() * b / buckets, to = values.size() * (b + 1) / buckets;
    for (std::size_t i = from; i < to; ++i) means[b] += values[i] / static_cast<float>(to - from);
  }
  const auto [low, high] = std::minmax_element(means.begin(), means.end());
  const float bottom = *low, range = std::max(*high - *low, 1e-6f);
  std::string out;
  for (const float m : means)
    out += kBars[std::clamp(static_cast<int>((m - bottom) / range * 7.99f), 0, 7)];
  return out;
}

TrainDisplay::TrainDisplay() : terminal_(stderr_is_terminal()) {}
TrainDisplay::~TrainDisplay() {
  close();
}

void TrainDisplay::close() {
  if (drawn_ && terminal_) std::fputs("\n", stderr);
  drawn_ = false;
}

void TrainDisplay::message(const std::string& line) {
  if (drawn_ && terminal_) std::fputs(kClearTwoLines.data(), stderr);
  drawn_ = false;
  std::fprintf(stderr, "%s\n", line.c_str());
}

void TrainDisplay::update(const DisplayState& state, float loss) {
  curve_.push_back(loss);
  const double now = Clock::system().monotonic_s();
  if (now - last_ < (terminal_ ? 0.25 : 10.0) && state.step != state.steps) return;
  last_ = now;
  draw(state);
}

void TrainDisplay::draw(const DisplayState& s) {
  const double share =
      s.steps > 0 ? std::min(1.0, static_cast<double>(s.step) / static_cast<double>(s.steps)) : 0;
  const std::string validation = s.validation > 0 ? fmt::format("  val {:.3f}", s.validation) : "";
  const std::string left = s.steps > 0 ? "ETA " + human_seconds(s.seconds_left) : "measuring speed";
  if (!terminal_) {
    std::fprintf(stderr, "train  step %lld/%s  loss %.3f%s  %s tokens/s  %.0f%% of peak  %s\n",
                 static_cast<long long>(s.step),
                 s.steps > 0 ? std::to_string(s.steps).c_str() : "?", s.loss, validation.c_str(),
                 human_count(s.tokens_per_second).c_str(), s.peak_share * 100, left.c_str());
    std::fflush(stderr);
    return;
  }
  std::string bar;
  constexpr int kWidth = 28;
  for (int i = 0; i < kWidth; ++i) bar += i < static_cast<int>(share * kWidth) ? "█" : "░";
  const int columns = std::max(20, terminal_columns() - 8);
  const Style style = Style::when(stderr_has_color());
  std::string text(drawn_ ? kClearTwoLines : "");
  text += fmt::format("{}train{}  {} {:3.0f}%  step {}/{}  {}{}{}\n", style.bold, style.off, bar,
                      share * 100, s.step, s.steps > 0 ? std::to_string(s.steps) : "…", style.cyan,
                      left, style.off);
  text += fmt::format("       loss {}{:.3f}{}{}  {} tokens/s  {:.0f}% of peak  {}{}{}", style.bold,
                      s.loss, style.off, validation, human_count(s.tokens_per_second),
                      s.peak_share * 100, style.green,
                      sparkline(curve_, std::clamp(columns - 60, 8, 48)), style.off);
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace parley::train
