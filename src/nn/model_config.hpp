// What config.json of a Hugging Face folder says about a Llama-architecture model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace parley::nn {

struct ModelConfig {
  int vocabulary = 0;  // vocab_size
  int width = 0;       // hidden_size
  int layers = 0;      // num_hidden_layers
  int heads = 0;       // num_attention_heads
  int kv_heads = 0;    // num_key_value_heads; divides heads
  int head_dim = 0;    // width / heads unless given; even
  int hidden = 0;      // intermediate_size
  int context = 0;     // max_position_embeddings
  double rope_theta = 10000.0;
  float norm_epsilon = 1e-5f;  // rms_norm_eps
  bool tie_embeddings = true;  // tie_word_embeddings
  std::int32_t bos = -1, eos = -1;
  std::string dtype = "bfloat16";  // torch_dtype, of the saved weights

  std::int64_t parameters() const;
};

// Errors: kInvalidInput "PATH: KEY …" naming the key, what was found and what is supported.
ModelConfig read_model_config(const std::filesystem::path& path);
ModelConfig parse_model_config(const std::string& text, const std::string& where);
void write_model_config(const ModelConfig& config, const std::filesystem::path& path);

}  // namespace parley::nn
