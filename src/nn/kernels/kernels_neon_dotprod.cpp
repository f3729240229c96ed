// NEON with sdot (ARMv8.2's dot products: most processors since 2018), which sums the four products
// of an output at once.
#if defined(__aarch64__)

#include <arm_neon.h>

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

namespace parley::nn {
namespace {

constexpr int kTileRows = 4, kTileHalves = 1;  // 16 of the 32 registers are accumulators
constexpr int kValueRows = 2;

#include "nn/kernels/vector_types.inl"

inline I4 truncated(F4 x) {
  return std::bit_cast<I4>(vcvtq_s32_f32(std::bit_cast<float32x4_t>(x)));
}

#include "nn/kernels/vector_quads.inl"

struct Sums {
  int32x4_t q[kQuads];
  void clear() {
    for (int i = 0; i < kQuads; ++i) q[i] = vdupq_n_s32(0);
  }
  void add(const int8x16_t (&w)[kQuads], int8x16_t x) {
    for (int i = 0; i < kQuads; ++i) q[i] = vdotq_s32(q[i], w[i], x);
  }
  I total() const {
    I out;
    for (int i = 0; i < kQuads; ++i) out.q[i] = std::bit_cast<I4>(q[i]);
    return out;
  }
};

#include "nn/kernels/kernels_neon.inl"

}  // namespace

const Kernels& neon_dotprod_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("neon-dotprod");
  return table;
}

}  // namespace parley::nn

#endif
