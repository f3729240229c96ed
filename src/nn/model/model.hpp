// A model ready to run: weights quantised and packed once (or mapped from the packed cache), norms,
// rotary frequencies, and the embedding read row by row from the mapped file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "nn/files/weight_source.hpp"
#include "nn/kernels/aligned.hpp"
#include "nn/kernels/packed_linear.hpp"
#include "nn/model/model_config.hpp"
#include "nn/model/rope.hpp"

namespace parley::nn {

struct NormWeights {
  AlignedArray<float> weight, bias;  // `bias` only for Norm::kLayer
};

// A linear layer with its bias, n_padded() values; empty where the model has none.
struct Linear {
  PackedLinear weights;
  AlignedArray<float> bias;
};

struct Layer {
  LayerKind kind;
  NormWeights attention_norm;          // before attention
  NormWeights attention_out;           // after it (ModelConfig::post_norms)
  NormWeights feed_forward_norm;       // before the feed-forward layer
  NormWeights feed_forward_out;        // after it (post_norms)
  AlignedArray<float> q_norm, k_norm;  // [head_dim] (qk_norm)
  Linear qkv;                          // [q heads | k heads | v heads] × width
  Linear output;                       // width × (heads · head_dim)
  Linear up;    // gated: per unit of kHiddenUnit channels [gate | up]; else up; × width
  Linear down;  // width × hidden
};

// Channels of the feed-forward layer that are computed, activated and quantised together.
inline constexpr int kHiddenUnit = 64;

// Where packed models are kept (pack_cache.hpp), so that the next start maps one instead of
// packing.
struct PackCacheOptions {
  bool on = true;
  std::filesystem::path
      folder;  // empty: PARLEY_PACK_CACHE, $XDG_CACHE_HOME/parley, ~/.cache/parley
  std::uint64_t most_bytes = std::uint64_t{32} << 30;   // of all files; the oldest go
  std::uint64_t least_bytes = std::uint64_t{32} << 20;  // smaller weights are packed each time
};

struct ModelOptions {
  Precision precision = Precision::kInt8;
  int threads = 0;  // for packing; 0: usable_cpus()
  int context = 0;  // what will be served at most; 0: all the model has
  PackCacheOptions cache{};
};

class Model {
 public:
  // Reads a Hugging Face folder, a .gguf file or a packed .parley file. Errors: kNotFound,
  // kInvalidInput naming the tensor or key, its shape or dtype, and what is supported; kUsage when
  // a packed file has another precision than options.packed_precision asks for.
  static std::unique_ptr<Model> load(const std::filesystem::path& path,
                                     const ModelOptions& options);
  // From any source of weights, which the model keeps for its embedding.
  static std::unique_ptr<Model> make(ModelConfig config, std::unique_ptr<WeightSource> source,
                                     const ModelOptions& options);

  const ModelConfig& config() const { return config_; }
  Precision precision() const { return precision_; }
  bool is_float32() const { return precision_ == Precision::kFloat32; }
  int context() const { return context_; }
  const std::vector<Layer>& layers() const { return layers_; }
  const PackedLinear& head() const { return head_; }
  const NormWeights& final_norm() const { return final_norm_; }
  const Rope& rope() const { return rope_; }
  const Rope& local_rope() const { return local_rope_; }
  // The embedding of `token` at `position`, scaled as the config says: [width], like `scratch`.
  void embedding(std::int32_t token, int position, float* out, float* scratch) const;
  int hidden_units() const { return (config_.hidden + kHiddenUnit - 1) / kHiddenUnit; }
  std::int64_t parameters() const { return parameters_; }
  std::size_t weight_bytes() const;  // of the linear layers, head included
  const TensorView* embedding_table() const { return embedding_; }
  const TensorView* position_table() const { return positions_; }  // null without learned positions
  // weights_hash() of the files it was packed from; empty when nobody computed it.
  const std::string& source_hash() const { return source_hash_; }
  // PackedFile::address() of the file it was mapped from; empty when it was packed just now.
  const std::string& address() const { return address_; }

 private:
  Model() = default;
  friend class PackedFile;
  friend class PackCache;
  ModelConfig config_;
  Precision precision_ = Precision::kInt8;
  int context_ = 0;
  std::unique_ptr<WeightSource> source_;
  const TensorView* embedding_ = nullptr;
  const TensorView* positions_ = nullptr;
  std::vector<Layer> layers_;
  NormWeights final_norm_;
  PackedLinear head_;
  Rope rope_, local_rope_;
  std::int64_t parameters_ = 0;
  std::string source_hash_, address_;
  std::shared_ptr<void> writing_;  // joins what writes the cache; last, so that it ends first
};

}  // namespace parley::nn
