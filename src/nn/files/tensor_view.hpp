// One tensor of a weight file that is in memory: how its bytes are to be read as float32.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace parley::nn {

// From kQ8_0 on: GGUF's block formats, where 32 or 256 values share scales (dequantize.hpp).
enum class DType {
  kF32,
  kF16,
  kBF16,
  kQ8_0,
  kQ4_0,
  kQ4_K,
  kQ5_K,
  kQ6_K,
  kQ4_1,
  kQ5_0,
  kQ5_1,
  kQ2_K,
  kQ3_K,
  kIQ4_NL,
  kIQ4_XS
};
const char* dtype_name(DType dtype);  // "F32", "Q4_K", …
int dtype_block(DType dtype);         // values in a block: 1, 32 or 256
std::size_t dtype_block_bytes(DType dtype);

struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::int64_t> shape;   // as seen by the reader: [outputs][inputs], or [n]
  std::span<const std::byte> bytes;  // in the mapped file
  bool transposed = false;           // the file holds [inputs][outputs] (GPT-2); never with blocks
  // Rows 2i and 2i+1 of each head in the file are rows i and i + head_dim/2 here (Llama in GGUF);
  // the number of heads, or 0. A vector's values are ordered the same way.
  int interleaved_heads = 0;

  std::int64_t elements() const;
  std::int64_t rows() const;     // of a vector: 1
  std::int64_t columns() const;  // values in a row
  // Row `row` (shape[1] values; of a vector: row 0 is all of it) as float32, exactly.
  // REQUIRES: 0 <= row < rows(). Thread-safe.
  void read_row(std::int64_t row, float* out) const;
};

std::string shape_text(const std::vector<std::int64_t>& shape);  // "[2, 3]"

// Without a branch, so that loops over it are vectorised: the bits in a float's places are the
// value times 2^-112, subnormals included; what is not finite gets the exponent that says so.
inline float f16_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t rest = static_cast<std::uint32_t>(bits & 0x7FFFu) << 13;
  const auto scaled = std::bit_cast<std::uint32_t>(std::bit_cast<float>(rest) * 0x1p112f);
  return std::bit_cast<float>(sign | (rest >= 0x0F800000u ? rest | 0x7F800000u : scaled));
}

}  // namespace parley::nn
