// Chooses the next token from a row of logits. Deterministic: the same logits, settings, history
// and position give the same token. In order:
//   1. the logit bias is added; the repetition penalty on every token of the history: a positive
//      logit is divided by it, a negative multiplied; the frequency penalty times a token's count
//      in the reply, and the presence penalty once, are taken off;
//   2. tokens that the mask forbids become impossible;
//   3. temperature 0 (or below 1e-5): the largest logit, the smaller id among equals; otherwise
//   logits are divided
//      by the temperature;
//   4. e = exp(logit - max); a token's weight is the integer part of e × 2^30. Sums of weights are
//      integers, so their order does not matter; candidates rank by e descending, then id
//      ascending;
//   5. top-k keeps the first k; top-p the shortest run whose weights reach p of what is left; min-p
//      drops those with e < min_p;
//   6. u, 24 random bits of (seed, position): in order of id, the first token kept at which the
//      running sum of weights exceeds (sum × u) / 2^24.
#pragma once

#include <span>
#include <vector>

#include "engine/engine.hpp"
#include "nn/kernels/kernels.hpp"

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
  // The last candidate that is kept, and the weight of all that are.
  struct Cut {
    float e = 0;
    text::TokenId id = 0;
    std::uint64_t mass = 0;
    bool keeps(float other, text::TokenId other_id) const {
      return other > e || (other == e && other_id <= id);
    }
  };
  // The shortest run of candidates, in rank, that has `count` of them or reaches `mass`.
  Cut cut(int n, std::uint64_t count, std::uint64_t mass);

  const nn::Kernels& kernels_;
  std::vector<float> e_;
  std::vector<std::uint32_t> bucket_count_;
  std::vector<std::uint64_t> bucket_mass_;
  std::vector<text::TokenId> bucket_;
  std::vector<std::int32_t> seen_;  // all zero between calls
};

}  // namespace parley::engine
