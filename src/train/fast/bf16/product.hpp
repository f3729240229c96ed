// The inner product kernel: one 32 x 32 block of C. Two versions exist; products_avx512bf16.cpp
// picks one.
#pragma once

#include "train/fast/bf16/bf16.hpp"

namespace parley::train::bf16 {

// c[32][32] (stride in floats) = or += A[32][32 * blocks] B[32 * blocks][32]
using Block32 = void (*)(const Lhs& a, const Rhs& b, int blocks, float* c, std::ptrdiff_t stride,
                         bool accumulate);

void block32_amx(const Lhs& a, const Rhs& b, int blocks, float* c, std::ptrdiff_t stride,
                 bool accumulate);
void block32_avx512(const Lhs& a, const Rhs& b, int blocks, float* c, std::ptrdiff_t stride,
                    bool accumulate);
void configure_amx_tiles();  // once per thread, before block32_amx
bool request_amx();          // asks the operating system; false when it refuses

Block32 block32();

}  // namespace parley::train::bf16
