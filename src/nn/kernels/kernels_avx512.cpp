// AVX-512 without VNNI (Skylake-X). vpmaddubsw multiplies unsigned by signed bytes and adds pairs
// in 16 bits. int8: |x| times w with x's sign, a pair is at most 2·127·127 = 32,258 and never
// saturates. int4: a pair is at most 2·15·127 = 3,810, so the eight steps of a group of 32 fit 16
// bits (30,480) and are widened once.
#include <immintrin.h>

#include <cstring>
#include <type_traits>
#include <utility>

#include "nn/kernels/kernels.hpp"

namespace parley::nn {
namespace {

constexpr int kTileRows = 8, kTileHalves = 2;  // 16 accumulators beside the steps' temporaries
constexpr int kValueRows = 3;

#include "nn/kernels/vector_avx512.inl"

struct Acc8 {
  using Weights = __m512i;  // signed
  struct Values {
    __m512i magnitude;
    __mmask64 negative;
  };
  __m512i v;
  static Weights load(const std::uint8_t* p) {
    return _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(-128));
  }
  static Values broadcast(const std::int8_t* p) {
    std::int32_t four;
    std::memcpy(&four, p, 4);
    const __m512i x = _mm512_set1_epi32(four);
    return {_mm512_abs_epi8(x), _mm512_movepi8_mask(x)};
  }
  void start(std::int32_t) { v = _mm512_setzero_si512(); }
  void add(Weights w, Values x) {
    const __m512i turned = _mm512_mask_sub_epi8(w, x.negative, _mm512_setzero_si512(), w);
    const __m512i pairs = _mm512_maddubs_epi16(x.magnitude, turned);
    v = _mm512_add_epi32(v, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
  }
  I total(std::int32_t) const { return {v}; }
};

struct Acc4 {
  struct Weights {
    __m512i low, high;
  };
  struct Values {
    __m512i low, high;
  };
  __m512i v;  // 32 sums of 16 bits
  static Weights load(const std::uint8_t* p) {
    const __m512i both = _mm512_loadu_si512(p), mask = _mm512_set1_epi8(15);
    return {_mm512_and_si512(both, mask), _mm512_and_si512(_mm512_srli_epi16(both, 4), mask)};
  }
  static Values broadcast(const std::int8_t* p) {
    std::int32_t four[2];
    std::memcpy(four, p, 8);
    return {_mm512_set1_epi32(four[0]), _mm512_set1_epi32(four[1])};
  }
  void start(std::int32_t) { v = _mm512_setzero_si512(); }
  void add(const Weights& w, const Values& x) {
    v = _mm512_add_epi16(v, _mm512_add_epi16(_mm512_maddubs_epi16(w.low, x.low),
                                             _mm512_maddubs_epi16(w.high, x.high)));
  }
  I total(std::int32_t sum) const {
    return {
        _mm512_add_epi32(_mm512_madd_epi16(v, _mm512_set1_epi16(1)), _mm512_set1_epi32(-8 * sum))};
  }
};

#include "nn/kernels/kernels_all.inl"

}  // namespace

const Kernels& avx512_kernels() {
  static const Kernels table = PARLEY_KERNEL_TABLE("avx512");
  return table;
}

}  // namespace parley::nn
