// The safetensors file format: an 8-byte little-endian header length, a JSON header that gives each
// tensor's dtype, shape and byte range, then the bytes. The reader trusts nothing: every range,
// size product and overlap is checked. A Hugging Face folder holds one such file, or several
// ("shards") and an index that says which tensor is in which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "nn/files/tensor_view.hpp"
#include "nn/files/weight_source.hpp"

namespace parley::nn {

// Checks a file's bytes; the views point into them. Names are the file's own, in no order. A tensor
// of a dtype other than F32, F16 and BF16 (an index buffer, say) is checked and set aside.
// Errors: kInvalidInput.
TensorList parse_safetensors(std::span<const std::byte> bytes, const std::string& where);

inline constexpr std::size_t kMaxSafetensorsIndex = 64u << 20;  // bytes of the file read next

// The shard of each tensor, from the text of model.safetensors.index.json.
// Errors: kInvalidInput, also for a shard that is not the name of a file beside the index.
std::map<std::string, std::string> parse_safetensors_index(const std::string& text,
                                                           const std::string& where);

// The weights of a Hugging Face folder: model.safetensors, or model.safetensors.index.json and its
// shards, under the names of weight_source.hpp (weight_names.hpp translates). The files stay mapped
// while the source lives. Errors: kNotFound, kIo, kInvalidInput naming the file and tensor.
std::unique_ptr<WeightSource> open_safetensors(const std::filesystem::path& folder);

struct TensorToWrite {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

// Writes the file atomically, tensors in the given order. REQUIRES: F32, F16 or BF16. Errors: kIo.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<TensorToWrite>& tensors);

}  // namespace parley::nn
