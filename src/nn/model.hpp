// A model ready to run: weights quantised and packed once, rotary tables, and the embedding read
// from the mapped file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include "nn/aligned.hpp"
#include "nn/model_config.hpp"
#include "nn/packed_linear.hpp"
#include "nn/weight_source.hpp"

namespace parley::nn {

enum class Precision { kInt8, kFloat32 };

struct Layer {
  AlignedArray<float> input_norm, post_attention_norm;  // [width]
  PackedLinear qkv;                                     // [q heads | k heads | v heads] × width
  PackedLinear output;                                  // width × (heads · head_dim)
  PackedLinear
      gate_up;        // [gate | up], each `hidden` × width; `up` starts at the next tile boundary
  PackedLinear down;  // width × hidden
};

class Model {
 public:
  // Reads config.json and model.safetensors of a Hugging Face folder. Errors: kNotFound,
  // kInvalidInput naming the tensor or key, its shape or dtype, and what is supported.
  static std::unique_ptr<Model> load(const std::filesystem::path& folder, Precision precision,
                                     int threads = 0);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return precision_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const PackedLinear& head() const { return head_; }
  const AlignedArray<float>& final_norm() const { return final_norm_; }
  void embedding(std::int32_t token, float* out) const;  // [width]
  // cos and sin for each pair, [head_dim / 2] each.
  const float* rope_cos(int position) const {
    return rope_cos_.data() + std::size_t(position) * (config_.head_dim / 2);
  }
  const float* rope_sin(int position) const {
    return rope_sin_.data() + std::size_t(position) * (config_.head_dim / 2);
  }
  int up_offset() const { return (config_.hidden + kTile - 1) / kTile * kTile; }
  std::int64_t parameters() const { return parameters_; }
  std::size_t weight_bytes() const;

 private:
  Model() = default;
  ModelConfig config_;
  Precision precision_ = Precision::kInt8;
  std::unique_ptr<WeightSource> file_;
  const TensorView* embedding_ = nullptr;
  std::vector<Layer> layers_;
  AlignedArray<float> final_norm_;
  PackedLinear head_;
  AlignedArray<float> rope_cos_, rope_sin_;
  std::int64_t parameters_ = 0;
};

}  // namespace parley::nn
