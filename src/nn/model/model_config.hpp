// One description of a decoder-only transformer: everything the forward pass needs to know,
// whatever the family. Read from a Hugging Face folder's config.json here, from GGUF metadata in
// gguf_config.hpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace parley::nn {

enum class Norm { kRms, kLayer };            // kLayer: mean taken off, weight and bias
enum class Activation { kSilu, kGeluTanh };  // of the feed-forward layer
enum class RopeType { kNone, kLinear, kLlama3, kYarn, kLongRope };

// How rotary frequencies are stretched beyond the context a model was first trained on. The names
// are config.json's.
struct RopeScaling {
  RopeType type = RopeType::kNone;
  double factor = 1.0;
  double low_freq_factor = 1.0, high_freq_factor = 4.0;  // llama3
  double beta_fast = 32.0, beta_slow = 1.0;              // yarn
  double attention_factor = 0.0;                         // yarn, longrope; 0: by their formula
  int original_context = 0;                              // original_max_position_embeddings
  std::vector<double> short_factor, long_factor;         // longrope: one per pair
};

// What may differ from layer to layer.
struct LayerKind {
  int window = 0;           // a position sees itself and the window-1 before it; 0: all before it
  bool rotary = true;       // false: no position information (SmolLM3's every fourth layer)
  bool local_rope = false;  // turns by local_rope_theta without scaling (Gemma 3's windowed layers)
};

struct ModelConfig {
  std::string family = "llama";  // model_type
  int vocabulary = 0;            // vocab_size
  int width = 0;                 // hidden_size
  int layers = 0;                // num_hidden_layers
  int heads = 0;                 // num_attention_heads
  int kv_heads = 0;              // num_key_value_heads; divides heads
  int head_dim = 0;              // width / heads unless given; even
  int hidden = 0;                // intermediate_size
  int context = 0;               // max_position_embeddings

  Norm norm = Norm::kRms;
  float norm_epsilon = 1e-5f;  // rms_norm_eps
  bool norm_plus_one = false;  // norms scale by 1 + weight (Gemma; not in its GGUF files)
  bool post_norms = false;     // the attention's and the feed-forward's results are normed too
  bool qk_norm = false;        // queries and keys are RMS-normed per head, before rotation
  bool qkv_bias = false, output_bias = false, mlp_bias = false;
  Activation activation = Activation::kSilu;
  bool gated = true;  // feed-forward: act(gate) · up; else act(up)

  bool learned_positions = false;  // added to the embedding; no rotation (GPT-2)
  double rope_theta = 10000.0;
  double local_rope_theta = 10000.0;
  int rotary_dims = 0;  // leading dimensions of a head that turn; 0: all
  RopeScaling rope_scaling;
  std::vector<LayerKind> kinds;  // per layer; empty: every layer as LayerKind's defaults

  float attention_scale = 0.0f;    // scores are q·k times this; 0: 1/√head_dim
  float attention_softcap = 0.0f;  // scores become cap · tanh(score / cap); 0: off
  float logit_softcap = 0.0f;      // as above, for logits
  float embedding_scale = 1.0f;

  bool tie_embeddings = true;  // tie_word_embeddings
  std::int32_t bos = -1, eos = -1;
  std::vector<std::int32_t> eos_all;  // every id that ends a reply, `eos` first; may be empty
  std::string dtype = "bfloat16";     // torch_dtype, of the saved weights

  std::int64_t parameters() const;
  LayerKind kind(int layer) const {
    return kinds.empty() ? LayerKind{} : kinds[static_cast<std::size_t>(layer)];
  }
  int rotary() const { return rotary_dims > 0 ? rotary_dims : head_dim; }
  // Scores are multiplied by this.
  float score_scale() const;
};

// Errors: kInvalidInput "PATH: KEY …" naming the key, what was found and what is supported.
ModelConfig read_model_config(const std::filesystem::path& path);
ModelConfig parse_model_config(const std::string& text, const std::string& where);
// REQUIRES: config.family is "llama" with nothing but what Parley trains.
void write_model_config(const ModelConfig& config, const std::filesystem::path& path);

}  // namespace parley::nn
