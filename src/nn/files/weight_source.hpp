// Where a model's tensors come from: safetensors files, GGUF, or a test. Tensors carry the names
// that Hugging Face's Llama classes use ("model.layers.0.self_attn.q_proj.weight"); a source of
// another layout translates names, transposition and row order, so that a reader sees
// [outputs][inputs].
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/files/tensor_view.hpp"

namespace parley::nn {

// Thread-safe after construction.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  virtual const TensorView* find(const std::string& name) const = 0;  // null when absent
  virtual const std::vector<TensorView>& tensors() const = 0;         // by name
  virtual const std::string& where() const = 0;                       // for messages
  // The type of a tensor that the files hold in a form nobody here reads ("I64", "IQ2_XS"); it
  // counts as absent above. Empty otherwise.
  virtual std::string unreadable(const std::string& name) const;
  // Errors: kInvalidInput naming the tensor when it is absent, of a type that is not read, or has
  // another shape.
  const TensorView& require(const std::string& name, const std::vector<std::int64_t>& shape) const;
};

struct UnreadableTensor {
  std::string name, dtype;
};
// What a file holds: tensors that can be read, and the others.
struct TensorList {
  std::vector<TensorView> tensors;
  std::vector<UnreadableTensor> unreadable;
};

// A source of tensors that are all known; `owners` keep their bytes alive.
// Errors: kInvalidInput when two tensors have one name.
std::unique_ptr<WeightSource> make_weight_source(std::string where, TensorList list,
                                                 std::vector<std::shared_ptr<const void>> owners);

}  // namespace parley::nn
