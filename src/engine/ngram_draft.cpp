#include "engine/ngram_draft.hpp"

#include <algorithm>

namespace parley::engine {
namespace {

constexpr int kLongest = 4, kShortest = 2;  // tokens of the end that must occur again
constexpr std::size_t kReach = 4096;        // how far back to look

}  // namespace

void NgramDraft::propose(std::span<const text::TokenId> tokens, std::vector<text::TokenId>& out) {
  out.clear();
  if (most_ <= 0) return;
  if (rest_ > 0) {
    --rest_;
    return;
  }
  if (tokens.size() > kReach) tokens = tokens.last(kReach);
  const std::size_t n = tokens.size();
  const int wanted =
      std::clamp(static_cast<int>(rate_ * 1.5f * static_cast<float>(most_) + 0.5f), 1, most_);
  for (std::size_t length = kLongest; length >= kShortest; --length) {
    if (n <= length) continue;
    const auto end = tokens.last(length);
    for (std::size_t at = n - length; at-- > 0;) {
      if (!std::equal(end.begin(), end.end(), tokens.begin() + static_cast<std::ptrdiff_t>(at)))
        continue;
      for (std::size_t i = at + length; i < n && static_cast<int>(out.size()) < wanted; ++i)
        out.push_back(tokens[i]);
      return;
    }
  }
}

void NgramDraft::learn(int proposed, int accepted) {
  if (proposed == 0) return;
  rate_ = 0.7f * rate_ + 0.3f * static_cast<float>(accepted) / static_cast<float>(proposed);
  // Below one in six a guess costs more than it brings.
  if (rate_ < 0.16f) {
    rest_ = 16;
    rate_ = 0.3f;
  }
}

}  // namespace parley::engine
