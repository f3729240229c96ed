// How long steps take, so that a long prompt is fed in pieces that running chats do not notice. A
// step of r rows takes about base + r × row: reading the weights, and computing with them. Both are
// fitted to the steps of late.
#pragma once

#include <algorithm>

namespace parley::engine {

class StepClock {
 public:
  // Prompt rows that a step may take beside `rows` of `chats` running chats, when `prompts`
  // sequences have prompts to be read: such that the step lasts at most kStretch times one without
  // them, or, where more wait than run, gives those their share of the time; alone, and at most,
  // about kAlone seconds, so that a cancellation is noticed soon.
  int prompt_rows(int rows, int chats, int prompts, int most) const {
    if (row_ <= 0) return std::min(most, chats > 0 ? kFirst : most);
    double room = std::max(kAlone - base_, base_);
    if (chats > 0) {
      const double share = static_cast<double>(prompts) / chats;
      room = std::min(seconds(rows) * std::max(kStretch - 1.0, share), kAlone);
    }
    return static_cast<int>(
        std::clamp<double>(room / row_, std::min(kLeast, most), static_cast<double>(most)));
  }
  // What a step of so many rows takes; 0: not known yet.
  double seconds(int rows) const { return base_ + row_ * rows; }

  void learn(int rows, double seconds) {
    if (rows <= 0 || seconds <= 0) return;
    // Least squares of the relative error: a short step counts as much as a long one.
    const double w = 1 / (seconds * seconds), x = rows, y = seconds;
    for (double* sum : {&w_, &wx_, &wy_, &wxx_, &wxy_}) *sum *= kMemory;
    w_ += w, wx_ += w * x, wy_ += w * y, wxx_ += w * x * x, wxy_ += w * x * y;
    const double spread = w_ * wxx_ - wx_ * wx_;
    if (spread > 0.02 * w_ * wxx_) {
      row_ = (w_ * wxy_ - wx_ * wy_) / spread;
      base_ = (wy_ - row_ * wx_) / w_;
    }
    // All of one size, or noise: what is known keeps its proportion. At first, a row counts as an
    // eighth of the base.
    if (row_ <= 0 || base_ < 0 || spread <= 0.02 * w_ * wxx_) {
      const double ratio = row_ > 0 && base_ > 0 ? base_ / row_ : 8;
      row_ = wy_ / (w_ * ratio + wx_);
      base_ = ratio * row_;
    }
  }

 private:
  static constexpr double kStretch = 1.9, kAlone = 0.25;
  static constexpr double kMemory = 0.96;  // per step: the last 25 or so count
  static constexpr int kLeast = 4, kFirst = 32;
  double w_ = 0, wx_ = 0, wy_ = 0, wxx_ = 0, wxy_ = 0;
  double base_ = 0, row_ = 0;
};

}  // namespace parley::engine
