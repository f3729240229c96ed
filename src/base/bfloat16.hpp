// bfloat16, the upper half of a float32, held as its bits.
#pragma once

#include <bit>
#include <cstdint>

namespace parley {

// The functions are static: a copy compiled for one instruction set must never serve another. They
// are without a branch, so that loops over them are vectorised.

// Exact.
static inline float bf16_value(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

// The nearest one, ties to even; NaN stays NaN.
static inline std::uint16_t nearest_bf16(float x) {
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const std::uint32_t rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  const bool is_nan = (bits & 0x7FFFFFFFu) > 0x7F800000u;
  return static_cast<std::uint16_t>(is_nan ? bits >> 16 | 0x40u : rounded);
}

}  // namespace parley
