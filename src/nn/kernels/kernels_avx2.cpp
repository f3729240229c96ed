// AVX2. vpmaddubsw multiplies unsigned by signed bytes and adds pairs in 16 bits: |w|, made once
// for all rows, times x with w's sign is at most 2·127·127 = 32,258 and never saturates. The eight
// steps of an int4 group, 8·2·15·127 = 30,480, fit 16 bits before they are widened.
#include <immintrin.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

namespace parley::nn {
namespace {

constexpr int kTileRows = 4, kTileHalves = 1;  // 8 of the 16 registers are accumulators
constexpr int kValueRows = 2;

#include "nn/kernels/vector_avx2.inl"

inline __m256i load_bytes(const std::uint8_t* p) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline __m256i broadcast_four(const std::int8_t* p) {
  std::int32_t four;
  std::memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}

struct Acc8 {
  struct Weights {
    __m256i low, high, low_size, high_size;  // signed, and their magnitudes
  };
  using Values = __m256i;
  __m256i low, high;
  static Weights load(const std::uint8_t* p) {
    const __m256i flip = _mm256_set1_epi8(-128);
    const __m256i a = _mm256_xor_si256(load_bytes(p), flip);
    const __m256i b = _mm256_xor_si256(load_bytes(p + 32), flip);
    return {a, b, _mm256_abs_epi8(a), _mm256_abs_epi8(b)};
  }
  static Values broadcast(const std::int8_t* p) { return broadcast_four(p); }
  void start(std::int32_t) { low = high = _mm256_setzero_si256(); }
  static __m256i four(__m256i w, __m256i size, __m256i x) {
    const __m256i pairs = _mm256_maddubs_epi16(size, _mm256_sign_epi8(x, w));
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
  }
  void add(const Weights& w, Values x) {
    low = _mm256_add_epi32(low, four(w.low, w.low_size, x));
    high = _mm256_add_epi32(high, four(w.high, w.high_size, x));
  }
  I total(std::int32_t) const { return {low, high}; }
};

struct Acc4 {
  struct Weights {
    __m256i part[2][2];  // [half][nibble]
  };
  struct Values {
    __m256i x[2];
  };
  __m256i half[2];  // 16 sums of 16 bits each
  static Weights load(const std::uint8_t* p) {
    const __m256i mask = _mm256_set1_epi8(15);
    Weights w;
    for (int i = 0; i < 2; ++i) {
      const __m256i both = load_bytes(p + 32 * i);
      w.part[i][0] = _mm256_and_si256(both, mask);
      w.part[i][1] = _mm256_and_si256(_mm256_srli_epi16(both, 4), mask);
    }
    return w;
  }
  static Values broadcast(const std::int8_t* p) {
    return {{broadcast_four(p), broadcast_four(p + 4)}};
  }
  void start(std::int32_t) { half[0] = half[1] = _mm256_setzero_si256(); }
  void add(const Weights& w, const Values& x) {
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        half[i] = _mm256_add_epi16(half[i], _mm256_maddubs_epi16(w.part[i][j], x.x[j]));
      }
    }
  }
  I total(std::int32_t sum) const {
    const __m256i ones = _mm256_set1_epi16(1), offset = _mm256_set1_epi32(-8 * sum);
    return {_mm256_add_epi32(_mm256_madd_epi16(half[0], ones), offset),
            _mm256_add_epi32(_mm256_madd_epi16(half[1], ones), offset)};
  }
};

#include "nn/kernels/kernels_all.inl"

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("avx2");
  return table;
}

}  // namespace parley::nn
