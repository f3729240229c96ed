// WebAssembly SIMD of 128 bits, without the relaxed operations: their results may differ between
// machines. i32x4.dot_i16x8_s multiplies eight pairs of 16 bits and adds neighbours, so that
// weights and activations are widened once; pairs of sums are added at a group's end. Weights stay
// as stored,
// + 128 or + 8: what that adds to a sum is a multiple of the activations' sum, taken off at the
// end.
#if defined(__wasm_simd128__)

#include <wasm_simd128.h>

#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

namespace parley::nn {
namespace {

// Two rows share a widened weight; with three, engines for 16 registers spill (measured under V8).
constexpr int kTileRows = 2, kTileHalves = 1;
constexpr int kValueRows = 1;

#include "nn/kernels/vector_types.inl"

inline I4 truncated(F4 x) {
  return std::bit_cast<I4>(wasm_i32x4_trunc_sat_f32x4(std::bit_cast<v128_t>(x)));
}

#include "nn/kernels/vector_quads.inl"

// 16 outputs, four values of K each, as 16-bit numbers: outputs 4i and 4i + 1 in low[i], the next
// two in high[i].
struct Widened {
  v128_t low[kQuads], high[kQuads];
};

struct PairSums {
  v128_t low[kQuads], high[kQuads];  // per output two sums side by side
  void clear() {
    for (int i = 0; i < kQuads; ++i) low[i] = high[i] = wasm_i32x4_const_splat(0);
  }
  void add(const Widened& w, v128_t x) {
    for (int i = 0; i < kQuads; ++i) {
      low[i] = wasm_i32x4_add(low[i], wasm_i32x4_dot_i16x8(w.low[i], x));
      high[i] = wasm_i32x4_add(high[i], wasm_i32x4_dot_i16x8(w.high[i], x));
    }
  }
  I total(std::int32_t offset) const {
    I out;
    for (int i = 0; i < kQuads; ++i) {
      const v128_t even = wasm_i32x4_shuffle(low[i], high[i], 0, 2, 4, 6);
      const v128_t odd = wasm_i32x4_shuffle(low[i], high[i], 1, 3, 5, 7);
      out.q[i] =
          std::bit_cast<I4>(wasm_i32x4_add(wasm_i32x4_add(even, odd), wasm_i32x4_splat(offset)));
    }
    return out;
  }
};

// Four activations, twice over.
inline v128_t broadcast_four(const std::int8_t* p) {
  return wasm_i16x8_extend_low_i8x16(wasm_v128_load32_splat(p));
}

struct Acc8 {
  using Weights = Widened;
  using Values = v128_t;
  PairSums sums;
  static Weights load(const std::uint8_t* p) {
    Weights w;
    for (int i = 0; i < kQuads; ++i) {
      const v128_t bytes = wasm_v128_load(p + 16 * i);
      w.low[i] = wasm_u16x8_extend_low_u8x16(bytes);
      w.high[i] = wasm_u16x8_extend_high_u8x16(bytes);
    }
    return w;
  }
  static Values broadcast(const std::int8_t* p) { return broadcast_four(p); }
  void start(std::int32_t) { sums.clear(); }
  void add(const Weights& w, Values x) { sums.add(w, x); }
  I total(std::int32_t sum) const { return sums.total(-128 * sum); }
};

struct Acc4 {
  struct Weights {
    Widened first, second;  // K 0 … 3 and 4 … 7
  };
  struct Values {
    v128_t first, second;
  };
  PairSums sums;
  static Weights load(const std::uint8_t* p) {
    Weights w;
    for (int i = 0; i < kQuads; ++i) {
      const v128_t both = wasm_v128_load(p + 16 * i);
      const v128_t first = wasm_v128_and(both, wasm_i8x16_const_splat(15));
      const v128_t second = wasm_u8x16_shr(both, 4);
      w.first.low[i] = wasm_u16x8_extend_low_u8x16(first);
      w.first.high[i] = wasm_u16x8_extend_high_u8x16(first);
      w.second.low[i] = wasm_u16x8_extend_low_u8x16(second);
      w.second.high[i] = wasm_u16x8_extend_high_u8x16(second);
    }
    return w;
  }
  static Values broadcast(const std::int8_t* p) {
    return {broadcast_four(p), broadcast_four(p + 4)};
  }
  void start(std::int32_t) { sums.clear(); }
  void add(const Weights& w, const Values& x) {
    sums.add(w.first, x.first);
    sums.add(w.second, x.second);
  }
  I total(std::int32_t sum) const { return sums.total(-8 * sum); }
};

#include "nn/kernels/kernels_all.inl"

}  // namespace

const Kernels& wasm_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("wasm");
  return table;
}

}  // namespace parley::nn

#endif
