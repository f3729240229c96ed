// The frequencies of the rotary embedding, with the stretchings of RopeScaling.
#pragma once

#include <vector>

#include "nn/model/model_config.hpp"

namespace parley::nn {

struct Rope {
  std::vector<float> frequency;  // per pair; the angle is float(position) · frequency
  float factor = 1.0f;           // cosine and sine are multiplied by this (yarn, longrope)

  // [frequency.size()] each.
  void turn(int position, float* cosine, float* sine) const;
};

// θ^(-2i / rotary dims), stretched as the config says; computed in double by exact_math.hpp and
// rounded once. Formulas: Hugging Face transformers, modeling_rope_utils. longrope takes the long
// factors when `context` (what is served) exceeds the context of the first training.
Rope make_rope(const ModelConfig& config, bool local, int context);

}  // namespace parley::nn
