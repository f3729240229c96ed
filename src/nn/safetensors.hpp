// The safetensors file format: an 8-byte little-endian header length, a JSON header that gives each
// tensor's dtype, shape and byte range, then the bytes. The reader trusts nothing: every range,
// size product and overlap is checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/file.hpp"

namespace parley::nn {

enum class DType { kF32, kF16, kBF16 };
std::size_t dtype_size(DType dtype);

struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  std::span<const std::byte> bytes;  // in the mapped file

  std::int64_t elements() const;
  // Converts elements [from, from + count) to float, exactly.
  void read(std::int64_t from, std::int64_t count, float* out) const;
};

class SafetensorsReader {
 public:
  explicit SafetensorsReader(
      const std::filesystem::path& path);  // Errors: kNotFound, kIo, kInvalidInput
  // Checks a file already in memory; the views point into `bytes`.
  SafetensorsReader(std::span<const std::byte> bytes, std::string where);

  const std::vector<TensorView>& tensors() const { return tensors_; }
  const TensorView* find(const std::string& name) const;  // null when absent
  // Errors: kInvalidInput naming the tensor when it is absent or has another shape.
  const TensorView& require(const std::string& name, const std::vector<std::int64_t>& shape) const;

 private:
  void parse(std::span<const std::byte> bytes);
  std::string where_;
  std::unique_ptr<MappedFile> map_;
  std::vector<TensorView> tensors_;  // by name
};

struct TensorToWrite {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;
  const void* data = nullptr;
};

// Writes the file atomically, tensors in the given order. Errors: kIo.
void write_safetensors(const std::filesystem::path& path,
                       const std::vector<TensorToWrite>& tensors);

float bf16_to_float(std::uint16_t bits);
float f16_to_float(std::uint16_t bits);
std::uint16_t float_to_bf16(float value);  // nearest, ties to even

}  // namespace parley::nn
