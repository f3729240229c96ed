// Chooses the next token from a row of logits. Deterministic: the same logits, settings, history
// and position give the same token. In order:
//   1. repetition penalty on every token of the history: a positive logit is divided by it, a
//   negative multiplied;
//   2. temperature 0: the largest logit, the smaller id among equals; otherwise logits are divided
//   by the temperature;
//   3. e = exp(logit - max); candidates in order of e descending, then id ascending;
//   4. top-k keeps the first k; top-p the shortest run whose sum reaches p of the candidates' sum;
//   min-p drops those
//      with e < min_p;
//   5. u uniform at (seed, position): the first candidate whose running sum exceeds u × the sum.
//   With no filter on, the
//      candidates are taken in order of id instead, which needs no sort.
#pragma once

#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "nn/kernels.hpp"

namespace parley::engine {

class Sampler {
 public:
  Sampler(const nn::Kernels& kernels, int vocabulary);
  // `logits` is changed. `history` holds the prompt and the reply so far; `position` is the new
  // token's.
  text::TokenId sample(std::span<float> logits, const Sampling& sampling,
                       std::span<const text::TokenId> history, int position);

 private:
  const nn::Kernels& kernels_;
  std::vector<float> e_;
  std::vector<text::TokenId> order_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace parley::engine
