// Chooses the next token from a row of logits. Deterministic: the same logits, settings, history
// and position give the same token. In order:
//   1. the logit bias is added; the repetition penalty on every token of the history: a positive
//      logit is divided by it, a negative multiplied; the frequency penalty times a token's count in
//      the reply, and the presence penalty once, are taken off;
//   2. tokens that the mask forbids become impossible;
//   3. temperature 0: the largest logit, the smaller id among equals; otherwise logits are divided
//      by the temperature;
//   4. e = exp(logit - max); candidates in order of e descending, then id ascending;
//   5. top-k keeps the first k; top-p the shortest run whose sum reaches p of the candidates' sum;
//      min-p drops those with e < min_p;
//   6. u uniform at (seed, position): the first candidate whose running sum exceeds u × the sum.
//      With no filter on, the candidates are taken in order of id instead, which needs no sort.
#pragma once

#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "nn/kernels.hpp"

namespace parley::engine {

class Sampler {
 public:
  Sampler(const nn::Kernels& kernels, int vocabulary);
  // `logits` is changed. `history` holds the prompt and the reply so far, `prompt` tokens of it the
  // prompt; `position` is the new token's. `mask`: a bit per token that may come, or empty for all.
  text::TokenId sample(std::span<float> logits, const Sampling& sampling,
                       std::span<const text::TokenId> history, std::size_t prompt, int position,
                       std::span<const std::uint32_t> mask = {});

 private:
  void penalise(std::span<float> logits, const Sampling& sampling,
                std::span<const text::TokenId> history, std::size_t prompt);
  const nn::Kernels& kernels_;
  std::vector<float> e_;
  std::vector<text::TokenId> order_;
  std::vector<std::int32_t> seen_;  // all zero between calls
};

}  // namespace parley::engine
