// GGUF's block formats. A block holds 32 values (Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL) or 256 (the
// others); the values of the K formats lie in groups of 16 or 32 that have scales of their own.
// Every result is built from float products and differences, each rounded once, in the order that
// GGML's own code has.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nn/files/tensor_view.hpp"

namespace parley::nn {

// Writes `blocks` blocks of `dtype`, which may be F32, F16 or BF16 too, as float32.
void dequantize(DType dtype, const std::byte* from, std::int64_t blocks, float* out);

}  // namespace parley::nn
