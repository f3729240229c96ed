// The scalar definitions of the engine's float arithmetic (docs/arithmetic.md). Everything here is
// built from IEEE additions, subtractions, multiplications, divisions and square roots, each
// rounded once, in the written order; the build forbids contraction to fused multiply-add. No
// function of the C library is called.
#pragma once

#include <bit>
#include <cstdint>

namespace parley::nn {

inline constexpr int kLanes = 16;  // every float reduction keeps this many partial sums
inline constexpr int kGroup = 64;  // values that share one scale along K; a multiple of 32
inline constexpr int kTile = 32;   // outputs packed together

// Nearest integer, ties to even, for |x| < 2^22: adding 1.5·2^23 pushes the fraction out of the
// significand.
inline float exact_rint(float x) {
  constexpr float kMagic = 12582912.0f;
  return (x + kMagic) - kMagic;
}

inline constexpr float kExpLow = -87.0f;  // below: 0
inline constexpr float kExpHigh = 88.0f;  // above: as at 88
// e^x by Cody-Waite reduction with ln 2 in two parts and a degree-5 polynomial (Cephes'
// coefficients), relative error below 2e-7 on [-87, 88].
inline float exact_exp(float x) {
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

inline float exact_silu(float x) {
  return x / (1.0f + exact_exp(0.0f - x));
}

// The one reduction tree: 16 lanes to 8, 4, 2, 1, the upper half added to the lower.
inline float reduce_lanes(float* lanes) {
  for (int half = kLanes / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) lanes[i] = lanes[i] + lanes[i + half];
  }
  return lanes[0];
}

float exact_sqrt(float x);  // IEEE square root

// cos and sin of position × frequency for the rotary embedding. The frequency of pair i is
// theta^(-2i/head_dim), computed in double and rounded to float; the angle is the float product;
// cosine and sine are evaluated in double and rounded to float.
float rope_frequency(double theta, int pair, int head_dim);
void rope_cos_sin(int position, float frequency, float& cosine, float& sine);

}  // namespace parley::nn
