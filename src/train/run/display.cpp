#include "train/run/display.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/clock.hpp"
#include "base/progress.hpp"

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
  if (drawn_ && terminal_) std::fputs("\r\x1b[1A\x1b[J", stderr);
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
  std::string text = drawn_ ? "\r\x1b[1A\x1b[J" : "";
  text += fmt::format("\x1b[1mtrain\x1b[0m  {} {:3.0f}%  step {}/{}  \x1b[36m{}\x1b[0m\n", bar,
                      share * 100, s.step, s.steps > 0 ? std::to_string(s.steps) : "…", left);
  text += fmt::format(
      "       loss \x1b[1m{:.3f}\x1b[0m{}  {} tokens/s  {:.0f}% of peak  \x1b[32m{}\x1b[0m", s.loss,
      validation, human_count(s.tokens_per_second), s.peak_share * 100,
      sparkline(curve_, std::clamp(columns - 60, 8, 48)));
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  drawn_ = true;
}

}  // namespace parley::train
