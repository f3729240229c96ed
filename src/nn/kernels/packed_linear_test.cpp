// The tile quantisers against their definition, one group at a time.
#include "nn/kernels/packed_linear.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nn/kernels/kernels_test_support.hpp"
#include "nn/kernels/pack_tile.hpp"

namespace parley::nn {
namespace packed_linear_test {

float largest(const float* w, int n) {
  float amax = 0.0f;
  for (int i = 0; i < n; ++i) amax = std::fabs(w[i]) > amax ? std::fabs(w[i]) : amax;
  return amax;
}

std::uint16_t pack_group8(const float* w, std::uint8_t* codes) {
  const float amax = largest(w, kGroup8);
  if (amax < kTiny) return 0;
  const std::uint16_t scale = nearest_bf16(amax / 127.0f);
  const float by = bf16_value(scale);
  // bfloat16 rounds by at most 1 in 256: the largest quotient is 127.5 before rounding to even.
  for (int i = 0; i < kGroup8; ++i) {
    codes[i] = static_cast<std::uint8_t>(
        std::clamp(static_cast<int>(exact_rint(w[i] / by)), -127, 127) + 128);
  }
  return scale;
}

float error4(const float* w, float by, std::uint8_t* codes) {
  const float inverse = 1.0f / by;
  float error = 0.0f;
  for (int i = 0; i < kGroup4; ++i) {
    const float q = std::clamp(exact_rint(w[i] * inverse), -8.0f, 7.0f);
    const float d = w[i] - q * by;
    error += d * d;
    codes[i] = static_cast<std::uint8_t>(static_cast<int>(q) + 8);
  }
  return error;
}

// Sixteen levels, -8 … 7: the scale's sign chooses which side gets the extra one. Dividing amax by
// more than 7 (8 on that side) leaves levels unused, by less cuts the largest values for the sake
// of the rest: both ends of the range were seen to win.
std::uint16_t pack_group4(const float* w, std::uint8_t* codes) {
  const float amax = largest(w, kGroup4);
  std::fill(codes, codes + kGroup4, std::uint8_t{8});
  if (amax < kTiny) return 0;
  std::uint16_t best = 0;
  float least = 3.4e38f;
  std::uint8_t trial[kGroup4];
  for (int step = 0; step < 10; ++step) {
    for (const float sign : {1.0f, -1.0f}) {
      const std::uint16_t scale = nearest_bf16(sign * amax / (6.4f + 0.3f * step));
      const float error = error4(w, bf16_value(scale), trial);
      if (error >= least) continue;
      least = error;
      best = scale;
      std::copy(trial, trial + kGroup4, codes);
    }
  }
  return best;
}

struct Packed {
  std::vector<std::uint8_t> codes;
  std::vector<std::uint16_t> scales;
};

Packed by_definition(int bits, const std::vector<float>& values, std::size_t k) {
  const std::size_t group = bits == 8 ? kGroup8 : kGroup4;
  Packed out{std::vector<std::uint8_t>(kTile * k * bits / 8, bits == 8 ? 128 : 0x88),
             std::vector<std::uint16_t>(kTile * k / group)};
  std::uint8_t codes[kGroup8];
  for (std::size_t lane = 0; lane < kTile; ++lane) {
    for (std::size_t g = 0; g < k / group; ++g) {
      const float* from = values.data() + lane * k + g * group;
      const std::uint16_t scale = bits == 8 ? pack_group8(from, codes) : pack_group4(from, codes);
      out.scales[g * kTile + lane] = scale;
      if (scale == 0) continue;
      for (std::size_t j = 0; j < group; ++j) {
        const std::size_t at = g * group + j;
        if (bits == 8) {
          out.codes[at / 4 * kTile * 4 + lane * 4 + at % 4] = codes[j];
        } else {
          std::uint8_t& byte = out.codes[at / 8 * kTile * 4 + lane * 4 + at % 4];
          byte = static_cast<std::uint8_t>(at % 8 < 4 ? (byte & 0xF0) | codes[j]
                                                      : (byte & 0x0F) | codes[j] << 4);
        }
      }
    }
  }
  return out;
}

std::vector<TilePackers> all_packers() {
  return {baseline_tile_packers(), tile_packers()};
}

TEST(PackedLinear, TilesAreQuantisedAsDefined) {
  test::Random random(11);
  for (int round = 0; round < 60; ++round) {
    const std::size_t k = 64 * (1 + random() % 3);
    auto values = test::random_floats(random, kTile * k, round % 3 ? 0.05f : 30.0f);
    if (round % 2) test::spoil(random, values);
    if (round % 5 == 0) std::fill_n(values.begin() + static_cast<int>(k), k, 1e-33f);
    if (round % 7 == 0) values[random() % values.size()] = 3e38f;
    for (const int bits : {8, 4}) {
      const Packed expected = by_definition(bits, values, k);
      for (const TilePackers& packers : all_packers()) {
        Packed seen{std::vector<std::uint8_t>(expected.codes.size()),
                    std::vector<std::uint16_t>(expected.scales.size())};
        (bits == 8 ? packers.int8 : packers.int4)(values.data(), k, seen.codes.data(),
                                                  seen.scales.data());
        ASSERT_TRUE(test::same_bits(expected.scales, seen.scales)) << bits << " round " << round;
        ASSERT_TRUE(test::same_bits(expected.codes, seen.codes)) << bits << " round " << round;
      }
    }
  }
}

TEST(PackedLinear, WhatIsNotThereIsZero) {
  for (const Precision precision : {Precision::kInt8, Precision::kInt4}) {
    const auto packed = PackedLinear::pack(
        precision, 40, 70, [](int, float* out) { std::fill(out, out + 70, 1.0f); }, 2);
    const int group = packed.group(), groups = packed.k_padded() / group;
    for (int lane = 0; lane < kTile; ++lane) {
      const bool there = kTile + lane < 40;
      EXPECT_EQ(packed.scale()[groups * kTile + lane] != 0, there) << lane;
    }
  }
}

}  // namespace packed_linear_test
}  // namespace parley::nn
