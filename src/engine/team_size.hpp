// How many threads a step uses. On a processor that others use too, a member of the team is set
// aside for milliseconds in the middle of its piece, and all others wait at the barrier: then fewer
// members are quicker. Whether they are is tried, never assumed: while members sleep at barriers,
// a few steps run with fewer; while fewer are used, a few run with more.
#pragma once

#include <algorithm>

namespace parley::engine {

class TeamSize {
 public:
  explicit TeamSize(int most) : most_(most), size_(most) {}

  int now() const { return trial_ > 0 ? trial_ : size_; }

  // A step with now() members: its rows, its seconds, and the seconds its members slept in all.
  void learn(int rows, double seconds, double slept) {
    if (most_ == 1 || rows <= 0 || seconds <= 0) return;
    // Steps differ in rows; reading the weights counts as eight.
    const double cost = seconds / (8 + rows);
    waited_ += seconds;
    if (trial_ > 0) {
      tried_ += cost;
      if (++steps_ < kSteps) return;
      const bool down = trial_ < size_;
      if (tried_ / kSteps < (down ? 0.92 : 0.98) * cost_) {
        size_ = trial_;
        cost_ = tried_ / kSteps;
        patience_ = kPatience;
      } else if (down) {  // sleeping was not the others' doing: ask less often
        patience_ = std::min(2 * patience_, kMostPatience);
      }
      trial_ = steps_ = 0;
      tried_ = asleep_ = waited_ = 0;
      return;
    }
    cost_ = cost_ <= 0 ? cost : 0.85 * cost_ + 0.15 * cost;
    asleep_ = 0.8 * asleep_ + 0.2 * slept / (seconds * size_);
    if (waited_ < patience_) return;
    if (asleep_ > kMuch && size_ > 1) {
      trial_ = std::max(1, size_ * 3 / 4);
    } else if (size_ < most_ && waited_ > kRetry) {
      trial_ = std::min(most_, size_ + std::max(1, size_ / 3));
    }
  }

 private:
  static constexpr int kSteps = 4;                             // of a trial
  static constexpr double kMuch = 0.25;                        // of a member's time, asleep
  static constexpr double kPatience = 0.1, kMostPatience = 2;  // seconds between tries of fewer
  static constexpr double kRetry = 0.4;                        // and with more
  const int most_;
  int size_, trial_ = 0, steps_ = 0;
  double patience_ = kPatience;
  double cost_ = 0, tried_ = 0, asleep_ = 0, waited_ = 0;
};

}  // namespace parley::engine
