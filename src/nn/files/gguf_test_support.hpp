// GGUF files for tests: any metadata and tensors, written in every format that is read here, and
// whole models converted from a Hugging Face folder as converters do it. Shares no code with the
// reader.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "nn/files/tensor_view.hpp"

namespace parley::test {

class GgufWriter {
 public:
  void add_text(const std::string& key, const std::string& value);
  void add_u32(const std::string& key, std::uint32_t value);
  void add_f32(const std::string& key, float value);
  void add_flag(const std::string& key, bool value);
  void add_texts(const std::string& key, const std::vector<std::string>& values);
  void add_i32s(const std::string& key, const std::vector<std::int32_t>& values);
  void add_f32s(const std::string& key, const std::vector<float>& values);
  // Any other value: its type's number and its bytes.
  void add_raw(const std::string& key, std::uint32_t type, const std::string& bytes);

  // `shape` with rows first; `values` row by row, quantised here.
  void add_tensor(const std::string& name, nn::DType dtype, std::vector<std::size_t> shape,
                  std::span<const double> values);
  // A tensor of any type's number with these bytes.
  void add_tensor_bytes(const std::string& name, std::uint32_t type, std::vector<std::size_t> shape,
                        std::string bytes);

  std::uint32_t version = 3;
  std::uint32_t alignment = 32;
  std::string bytes() const;
  void write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    std::uint32_t type;
    std::vector<std::size_t> shape;
    std::string bytes;
  };
  std::string metadata_;
  std::uint64_t keys_ = 0;
  std::vector<Tensor> tensors_;
};

// The nearest values that a simple quantiser finds; `values` fill whole blocks.
std::string quantise(nn::DType dtype, std::span<const double> values);
std::uint32_t gguf_type_number(nn::DType dtype);

// Writes the model of a Hugging Face folder (reference_test_support.hpp) as one GGUF file: matrices
// as `dtype`, or as F32 where their rows are no multiple of its block; vectors as F32. As
// converters do, Llama's queries and keys are reordered, Gemma's norms get their 1, Conv1D is
// transposed and rope scaling of type llama3 becomes rope_freqs.weight. `add_metadata` may add
// keys, the vocabulary's for example.
void write_gguf_of(const std::filesystem::path& folder, const std::filesystem::path& path,
                   nn::DType dtype, const std::function<void(GgufWriter&)>& add_metadata = {});

}  // namespace parley::test
