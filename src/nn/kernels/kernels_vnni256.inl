// vpdpbusd on 256 bits: as kernels_avx512_vnni.cpp, in halves. PARLEY_DPBUSD256 is the intrinsic in
// the encoding of the file that includes this.
// REQUIRES: included inside an anonymous namespace of parley::nn.

constexpr int kTileRows = 5, kTileHalves = 1;  // 10 of the 16 registers are accumulators
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
    __m256i low, high;
  };
  using Values = __m256i;
  __m256i low, high;
  static Weights load(const std::uint8_t* p) { return {load_bytes(p), load_bytes(p + 32)}; }
  static Values broadcast(const std::int8_t* p) { return broadcast_four(p); }
  void start(std::int32_t sum) { low = high = _mm256_set1_epi32(-128 * sum); }
  void add(const Weights& w, Values x) {
    low = PARLEY_DPBUSD256(low, w.low, x);
    high = PARLEY_DPBUSD256(high, w.high, x);
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
  __m256i half[2];
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
  void start(std::int32_t sum) { half[0] = half[1] = _mm256_set1_epi32(-8 * sum); }
  void add(const Weights& w, const Values& x) {
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        half[i] = PARLEY_DPBUSD256(half[i], w.part[i][j], x.x[j]);
      }
    }
  }
  I total(std::int32_t) const { return {half[0], half[1]}; }
};

#include "nn/kernels/kernels_all.inl"
