// The scalar definitions of the engine's float arithmetic (docs/arithmetic.md). Everything here is
// built from IEEE additions, subtractions, multiplications, divisions and square roots, each
// rounded once, in the written order; the build forbids contraction to fused multiply-add. No
// function of the C library is called.
#pragma once

#include <bit>
#include <cstdint>

#include "base/bfloat16.hpp"

namespace parley::nn {

// The functions are static: a copy compiled for one instruction set must never serve another.

inline constexpr int kLanes = 16;       // every float reduction keeps this many partial sums
inline constexpr int kGroup8 = 64;      // values along K that share one scale, int8 weights
inline constexpr int kGroup4 = 32;      // the same, int4 weights and cached keys
inline constexpr int kTile = 32;        // outputs packed together
inline constexpr float kTiny = 1e-30f;  // a group whose largest value is below counts as zeros

// Nearest integer, ties to even, for |x| < 2^22: adding 1.5·2^23 pushes the fraction out of the
// significand.
static inline float exact_rint(float x) {
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}

inline constexpr float kExpLow = -87.0f;  // below: 0
inline constexpr float kExpHigh = 88.0f;  // above: as at 88
// e^x by Cody-Waite reduction with ln 2 in two parts and a degree-5 polynomial (Cephes'
// coefficients), relative error below 2e-7 on [-87, 88].
static inline float exact_exp(float x) {
  if (x < kExpLow) return 0.0f;
  if (x > kExpHigh) x = kExpHigh;
  const float n = exact_rint(x * 1.44269504088896341f);
  float r = x - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r;
  p = p + 1.0f;
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(p) +
                              (static_cast<std::int32_t>(n) << 23));
}

static inline float exact_silu(float x) {
  return x / (1.0f + exact_exp(0.0f - x));
}

// tanh x = 1 − 2 / (e^2x + 1): absolute error below 2e-7.
static inline float exact_tanh(float x) {
  return 1.0f - 2.0f / (exact_exp(x + x) + 1.0f);
}

// The tanh form of GELU: x/2 · (1 + tanh(√(2/π) · (x + 0.044715·x³))).
static inline float exact_gelu(float x) {
  const float cube = (x * x) * x;
  const float inner = (x + 0.044715f * cube) * 0.7978845608f;
  return (x * 0.5f) * (1.0f + exact_tanh(inner));
}

// The one reduction tree: 16 lanes to 8, 4, 2, 1, the upper half added to the lower.
static inline float reduce_lanes(float* lanes) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  }
  return lanes[0];
}

float exact_sqrt(float x);  // IEEE square root

// Double precision, relative error below 1e-15: for tables made once.
double exact_exp_double(double x);  // |x| < 700
double exact_log_double(double x);  // x > 0
// Cosine and sine of `angle`, |angle| < 2^21, rounded to float.
void exact_cos_sin(float angle, float& cosine, float& sine);

}  // namespace parley::nn
