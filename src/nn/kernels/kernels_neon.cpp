// NEON as every 64-bit ARM processor has it. smull gives products of 16 bits, |w|·|x| <= 127·127,
// sadalp adds neighbours to sums of 32: two sums an output, added at a group's end.
#if defined(__aarch64__)

#include <arm_neon.h>

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

namespace parley::nn {
namespace {

constexpr int kTileRows = 2, kTileHalves = 1;  // 16 of the 32 registers are accumulators
constexpr int kValueRows = 1;

#include "nn/kernels/vector_types.inl"

inline I4 truncated(F4 x) {
  return std::bit_cast<I4>(vcvtq_s32_f32(std::bit_cast<float32x4_t>(x)));
}

#include "nn/kernels/vector_quads.inl"

struct Sums {
  int32x4_t low[kQuads], high[kQuads];  // outputs 4i and 4i + 1, and the next two: two sums each
  void clear() {
    for (int i = 0; i < kQuads; ++i) low[i] = high[i] = vdupq_n_s32(0);
  }
  void add(const int8x16_t (&w)[kQuads], int8x16_t x) {
    for (int i = 0; i < kQuads; ++i) {
      low[i] = vpadalq_s16(low[i], vmull_s8(vget_low_s8(w[i]), vget_low_s8(x)));
      high[i] = vpadalq_s16(high[i], vmull_high_s8(w[i], x));
    }
  }
  I total() const {
    I out;
    for (int i = 0; i < kQuads; ++i) out.q[i] = std::bit_cast<I4>(vpaddq_s32(low[i], high[i]));
    return out;
  }
};

#include "nn/kernels/kernels_neon.inl"

}  // namespace

const Kernels& neon_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("neon");
  return table;
}

}  // namespace parley::nn

#endif
