// A GGUF file's metadata as a ModelConfig: the same description that the model's Hugging Face
// folder gives, up to what conversion has changed. Notes:
//   - Gemma's norms hold 1 + weight already (norm_plus_one stays false).
//   - Embeddings are scaled as in the checkpoint's own type: Gemma's √width is rounded to bfloat16
//     unless the file is float32.
//   - rope_freqs.weight, the divisors that Llama 3's scaling comes to, becomes RopeType::kLongRope
//     with the same factors at every length and attention_factor 1: exactly those divisors.
//   - Window sizes are in the file, which layers have one is not: every second of Gemma 2 from the
//     first, five of six of Gemma 3, all of the others that name a window.
#pragma once

#include "nn/files/gguf.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {

// "gemma, gemma2, …": the values of general.architecture that are supported.
std::string gguf_architectures();

// Errors: kInvalidInput "FILE: key KEY …" with what was found and what is supported.
ModelConfig gguf_model_config(const GgufFile& file);

}  // namespace parley::nn
