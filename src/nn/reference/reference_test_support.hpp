// Independent references for every model family: tiny random checkpoints written exactly as Hugging
// Face writes that family, and their logits by a plain forward pass in float64. Nothing here shares
// code with the engine or its file readers, so that a misreading on either side shows. The pass is
// written from the papers and from what transformers computes: the whole attention matrix, no
// cache, weights as stored, every sum in double.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace parley::test {

enum class Family {
  kLlama,             // grouped queries, separate output matrix
  kLlama3,            // rope_scaling of type llama3, tied embeddings, two end tokens
  kMistral,           // sliding window; in three shards with an index
  kQwen2,             // biases of q, k and v; Qwen2.5 is the same
  kQwen2Yarn,         // the same stretched by YaRN
  kQwen3,             // q and k normed per head; head_dim is not width / heads
  kSmolLm3,           // every fourth layer without rotation
  kPhi3,              // fused qkv and gate_up, sliding window
  kPhi3LongRope,      // longrope over three quarters of a head, as Phi-4-mini
  kGemma,             // 1 + weight norms, scaled embeddings, GeGLU
  kGemma2,            // four norms a layer, soft caps, every second layer windowed
  kGemma3,            // q and k norms, local and global rotations
  kGemma3Multimodal,  // the same inside a vision model: nested config, prefixed names, linear
                      // scaling
  kGpt2,              // LayerNorm, learned positions, Conv1D matrices, attention-mask buffers
};
inline constexpr Family kFamilies[] = {Family::kLlama,
                                       Family::kLlama3,
                                       Family::kMistral,
                                       Family::kQwen2,
                                       Family::kQwen2Yarn,
                                       Family::kQwen3,
                                       Family::kSmolLm3,
                                       Family::kPhi3,
                                       Family::kPhi3LongRope,
                                       Family::kGemma,
                                       Family::kGemma2,
                                       Family::kGemma3,
                                       Family::kGemma3Multimodal,
                                       Family::kGpt2};
std::string family_name(Family family);  // fit for a test's name: "Phi3LongRope"

// As config.json's torch_dtype names them.
enum class StoredAs { kFloat32, kFloat16, kBFloat16 };

// Writes config.json and the weights into `folder`, which is created. Widths are 64 to 96, layers 2
// to 4, the vocabulary about 300, at least 96 positions. The same seed gives the same bytes.
void write_tiny_checkpoint(const std::filesystem::path& folder, Family family,
                           std::uint32_t seed = 1, StoredAs dtype = StoredAs::kBFloat16);

// Logits [tokens][vocabulary] of one sequence from position 0, for a checkpoint that the function
// above wrote or any small one of these families. `rope_length` is the length by which longrope
// chooses its factors for all positions; 0: the sequence's own, as transformers does (an engine
// that decides once per model passes the length that it decides by). Errors: whatever reading the
// files raises; an unknown model_type is kInvalidInput.
std::vector<double> reference_logits(const std::filesystem::path& folder,
                                     std::span<const std::int32_t> tokens, int rope_length = 0);

// `count` random tokens of a vocabulary; the same seed gives the same ones.
std::vector<std::int32_t> random_tokens(int vocabulary, int count, std::uint32_t seed = 1);

}  // namespace parley::test
