// How long steps take, so that a long prompt is fed in pieces that running chats do not notice.
#pragma once

#include <algorithm>

namespace parley::engine {

class StepClock {
 public:
  // Prompt rows that a step may take beside `decoding` rows of running chats: such that the step
  // lasts at most kStretch times one without them; alone, about kAlone seconds, so that a
  // cancellation is noticed soon.
  int prompt_rows(int decoding, int most) const {
    if (per_prompt_row_ <= 0) return std::min(most, decoding > 0 ? kFirst : most);
    const double room = decoding > 0 ? decode_ * (kStretch - 1.0) : kAlone;
    return std::clamp(static_cast<int>(room / per_prompt_row_), std::min(kLeast, most), most);
  }
  double decode_seconds() const { return decode_; }
  void learn(int decoding, int prompt, double seconds) {
    if (prompt == 0) {
      if (decoding > 0) follow(decode_, seconds);
    } else if (prompt >= kLeast) {
      const double rest = decoding > 0 ? std::min(decode_, seconds) : 0.0;
      // Running chats share the weights' way through memory, which the prompt rows then have free:
      // counting the whole step less a decode step errs on the side of shorter stalls.
      follow(per_prompt_row_, std::max(seconds - rest, 0.2 * seconds) / prompt);
    }
  }

 private:
  static constexpr double kStretch = 1.9, kAlone = 0.25;
  static constexpr int kLeast = 4, kFirst = 32;
  static void follow(double& value, double seen) {
    value = value <= 0 ? seen : 0.8 * value + 0.2 * seen;
  }
  double decode_ = 0, per_prompt_row_ = 0;
};

}  // namespace parley::engine
