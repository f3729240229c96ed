// Guesses the next tokens from the text so far: what followed the last time its end occurred
// (prompt-lookup decoding). A wrong guess costs a little time and changes nothing.
#pragma once

#include <span>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

class NgramDraft {
 public:
  explicit NgramDraft(int most) : most_(most) {}
  // Up to most_ tokens that may follow `tokens`; few or none where guesses have failed of late.
  void propose(std::span<const text::TokenId> tokens, std::vector<text::TokenId>& out);
  void learn(int proposed, int accepted);

 private:
  int most_;
  float rate_ = 0.5f;  // recent share of guesses that held
  int rest_ = 0;       // steps to wait before the next try
};

}  // namespace parley::engine
