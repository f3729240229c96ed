// Where a model's tensors come from: safetensors files, GGUF, or a test. Tensors carry the names that
// Hugging Face's Llama classes use ("model.layers.0.self_attn.q_proj.weight"); a source of another
// layout translates names, transposition and row order, so that a reader sees [outputs][inputs].
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nn/tensor_view.hpp"

namespace parley::nn {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual const TensorView* find(const std::string& name) const = 0;  // null when absent
  virtual const std::vector<TensorView>& tensors() const = 0;         // by name
  virtual const std::string& where() const = 0;                       // for messages
  // Errors: kInvalidInput naming the tensor when it is absent or has another shape.
  const TensorView& require(const std::string& name, const std::vector<std::int64_t>& shape) const;
};

}  // namespace parley::nn
