// Log-probabilities of tokens, from a row of logits as the model gave it.
#pragma once

#include <span>

#include "engine/engine.hpp"
#include "nn/kernels/kernels.hpp"

namespace parley::engine {

// `count` most likely tokens, at most the vocabulary. `scratch` holds logits.size() floats.
TokenLogprobs token_logprobs(const nn::Kernels& kernels, std::span<const float> logits,
                             text::TokenId token, int count, float* scratch);

}  // namespace parley::engine
