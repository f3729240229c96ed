// NEON's part of a kernel file: everything but `Sums`, the dot products of 16 outputs.
// REQUIRES: included inside an anonymous namespace of parley::nn, after <arm_neon.h>; `Sums` has
// clear(), add(const int8x16_t (&w)[kQuads], int8x16_t x) and total().

// 16 outputs, four values of K each, signed.
struct Codes {
  int8x16_t q[kQuads];
};

// Four activations, four times over.
inline int8x16_t broadcast_four(const std::int8_t* p) {
  std::int32_t four;
  std::memcpy(&four, p, sizeof four);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}

struct Acc8 {
  using Weights = Codes;
  using Values = int8x16_t;
  Sums sums;
  static Weights load(const std::uint8_t* p) {
    Weights w;
    for (int i = 0; i < kQuads; ++i) {
      const uint8x16_t stored = vld1q_u8(p + 16 * i);  // + 128
      w.q[i] = vreinterpretq_s8_u8(veorq_u8(stored, vdupq_n_u8(128)));
    }
    return w;
  }
  static Values broadcast(const std::int8_t* p) { return broadcast_four(p); }
  void start(std::int32_t) { sums.clear(); }
  void add(const Weights& w, Values x) { sums.add(w.q, x); }
  I total(std::int32_t) const { return sums.total(); }
};

struct Acc4 {
  struct Weights {
    Codes first, second;  // K 0 … 3 and 4 … 7, + 8
  };
  struct Values {
    int8x16_t first, second;
  };
  Sums sums;
  static Weights load(const std::uint8_t* p) {
    Weights w;
    for (int i = 0; i < kQuads; ++i) {
      const uint8x16_t both = vld1q_u8(p + 16 * i);
      w.first.q[i] = vreinterpretq_s8_u8(vandq_u8(both, vdupq_n_u8(15)));
      w.second.q[i] = vreinterpretq_s8_u8(vshrq_n_u8(both, 4));
    }
    return w;
  }
  static Values broadcast(const std::int8_t* p) {
    return {broadcast_four(p), broadcast_four(p + 4)};
  }
  void start(std::int32_t) { sums.clear(); }
  void add(const Weights& w, const Values& x) {
    sums.add(w.first.q, x.first);
    sums.add(w.second.q, x.second);
  }
  I total(std::int32_t sum) const { return sums.total() + I::set(-8 * sum); }
};

#include "nn/kernels/kernels_all.inl"
