#include "nn/files/dequantize.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "nn/files/gguf_test_support.hpp"

namespace parley::nn {
namespace dequantize_test {

constexpr DType kBlockTypes[] = {DType::kQ8_0, DType::kQ4_0, DType::kQ4_1,   DType::kQ5_0,
                                 DType::kQ5_1, DType::kQ2_K, DType::kQ3_K,   DType::kQ4_K,
                                 DType::kQ5_K, DType::kQ6_K, DType::kIQ4_NL, DType::kIQ4_XS};

struct Name {
  template <typename T>
  std::string operator()(const T& param) const {
    return dtype_name(param.param);
  }
};

float half_at(const std::uint8_t* at) {
  _Float16 half;
  std::memcpy(&half, at, 2);
  return static_cast<float>(half);
}

// One value of a block by the format's definition: found by its index alone, where the reader goes
// through a block group by group. Products and differences are of floats, in GGML's order.
float value_at(DType dtype, const std::uint8_t* b, int i) {
  const int nibble_shift = i / 16 * 4, nibble = i % 16;  // in blocks of 32
  switch (dtype) {
    case DType::kQ8_0:
      return static_cast<float>(static_cast<std::int8_t>(b[2 + i])) * half_at(b);
    case DType::kQ4_0:
      return static_cast<float>((b[2 + nibble] >> nibble_shift & 15) - 8) * half_at(b);
    case DType::kQ4_1:
      return static_cast<float>(b[4 + nibble] >> nibble_shift & 15) * half_at(b) + half_at(b + 2);
    case DType::kQ5_0: {
      const int fifth = b[2 + i / 8] >> (i % 8) & 1;
      return static_cast<float>((b[6 + nibble] >> nibble_shift & 15) + 16 * fifth - 16) *
             half_at(b);
    }
    case DType::kQ5_1: {
      const int fifth = b[4 + i / 8] >> (i % 8) & 1;
      return static_cast<float>((b[8 + nibble] >> nibble_shift & 15) + 16 * fifth) * half_at(b) +
             half_at(b + 2);
    }
    case DType::kIQ4_NL: {
      static constexpr int kLevels[] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                        1,    13,   25,  38,  53,  69,  89,  113};
      return half_at(b) * static_cast<float>(kLevels[b[2 + nibble] >> nibble_shift & 15]);
    }
    case DType::kIQ4_XS: {
      const int group = i / 32, in = i % 32;
      int high;
      std::uint16_t bits;
      std::memcpy(&bits, b + 2, 2);
      high = bits >> (2 * group) & 3;
      const int low = group % 2 ? b[4 + group / 2] >> 4 : b[4 + group / 2] & 15;
      std::uint8_t block[18] = {0x00, 0x3C};  // an IQ4_NL block of scale 1
      std::memcpy(block + 2, b + 8 + group * 16, 16);
      return half_at(b) * static_cast<float>(low + 16 * high - 32) *
             value_at(DType::kIQ4_NL, block, in);
    }
    case DType::kQ4_K:
    case DType::kQ5_K: {
      const int group = i / 32;
      const std::uint8_t* s = b + 4;
      int scale = s[group % 4] & 63, min = s[group % 4 + 4] & 63;
      if (group >= 4) {
        scale = s[group + 4] % 16 + s[group - 4] / 64 * 16;
        min = s[group + 4] / 16 + s[group] / 64 * 16;
      }
      const bool five = dtype == DType::kQ5_K;
      int q = b[(five ? 48 : 16) + i / 64 * 32 + i % 32] >> (i / 32 % 2 * 4) & 15;
      if (five) q += (b[16 + i % 32] >> (i / 32) & 1) * 16;
      const float a = half_at(b) * static_cast<float>(scale);
      const float m = half_at(b + 2) * static_cast<float>(min);
      return a * static_cast<float>(q) - m;
    }
    case DType::kQ6_K: {
      const int half = i / 128, row = i % 128 / 32, column = i % 32;
      const int low = b[half * 64 + (row & 1) * 32 + column] >> (row & 2 ? 4 : 0) & 15;
      const int high = b[128 + half * 32 + column] >> (2 * row) & 3;
      const float a =
          half_at(b + 208) * static_cast<float>(static_cast<std::int8_t>(b[192 + i / 16]));
      return a * static_cast<float>(low + 16 * high - 32);
    }
    case DType::kQ2_K: {
      const int q = b[16 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
      const float a = half_at(b + 80) * static_cast<float>(b[i / 16] % 16);
      const float m = half_at(b + 82) * static_cast<float>(b[i / 16] / 16);
      return a * static_cast<float>(q) - m;
    }
    case DType::kQ3_K: {
      // The scales as four words of bytes: low nibbles, then high ones, each with two bits of the
      // third word on top.
      std::uint32_t word[3];
      std::memcpy(word, b + 96, 12);
      const int group = i / 16, which = group / 4;
      const std::uint32_t low = (word[which % 2] >> (which / 2 * 4)) & 0x0F0F0F0Fu;
      const std::uint32_t high = (word[2] >> (which * 2)) & 0x03030303u;
      const int scale = static_cast<int>((low | high << 4) >> (group % 4 * 8) & 255) - 32;
      const int q = b[32 + i / 128 * 32 + i % 32] >> (i % 128 / 32 * 2) & 3;
      const int third = b[i % 32] >> (i / 32) & 1;
      return half_at(b + 108) * static_cast<float>(scale) * static_cast<float>(q - 4 + 4 * third);
    }
    default:
      return 0;
  }
}

class BlockFormats : public ::testing::TestWithParam<DType> {};

// Every bit pattern but scales that are not finite, which value_at and the reader would both make
// into NaN.
TEST_P(BlockFormats, EqualTheirDefinitionBitForBit) {
  const DType dtype = GetParam();
  const std::size_t bytes = dtype_block_bytes(dtype);
  const int count = dtype_block(dtype);
  std::mt19937 random(7);
  std::vector<std::size_t> halves = {0};
  if (dtype == DType::kQ4_1 || dtype == DType::kQ5_1 || dtype == DType::kQ4_K ||
      dtype == DType::kQ5_K)
    halves = {0, 2};
  if (dtype == DType::kQ6_K) halves = {208};
  if (dtype == DType::kQ2_K) halves = {80, 82};
  if (dtype == DType::kQ3_K) halves = {108};
  std::vector<std::uint8_t> blocks(bytes * 3);
  std::vector<float> out(static_cast<std::size_t>(count) * 3);
  for (int round = 0; round < 200; ++round) {
    for (auto& byte : blocks) byte = static_cast<std::uint8_t>(random());
    for (std::size_t i = 0; i < 3; ++i) {
      for (const std::size_t at : halves) {
        if ((blocks[i * bytes + at + 1] & 0x7C) == 0x7C) blocks[i * bytes + at + 1] ^= 0x40;
      }
    }
    dequantize(dtype, reinterpret_cast<const std::byte*>(blocks.data()), 3, out.data());
    for (int i = 0; i < 3 * count; ++i) {
      const float expected =
          value_at(dtype, blocks.data() + static_cast<std::size_t>(i / count) * bytes, i % count);
      std::uint32_t a, b;
      std::memcpy(&a, &out[static_cast<std::size_t>(i)], 4);
      std::memcpy(&b, &expected, 4);
      ASSERT_EQ(a, b) << "value " << i << " of round " << round;
    }
  }
}

TEST_P(BlockFormats, HoldWhatAQuantiserPutIn) {
  const DType dtype = GetParam();
  const std::size_t n = 4 * static_cast<std::size_t>(dtype_block(dtype));
  std::mt19937 random(3);
  std::normal_distribution<double> normal(0.02, 0.1);
  std::vector<double> values(n);
  for (auto& v : values) v = normal(random);
  const std::string stored = test::quantise(dtype, values);
  ASSERT_EQ(stored.size(), 4 * dtype_block_bytes(dtype));
  std::vector<float> out(n);
  dequantize(dtype, reinterpret_cast<const std::byte*>(stored.data()), 4, out.data());
  double error = 0, power = 0;
  for (std::size_t i = 0; i < n; ++i) {
    error += std::pow(out[i] - values[i], 2);
    power += std::pow(values[i], 2);
  }
  const double bits = 8.0 * static_cast<double>(stored.size()) / static_cast<double>(n);
  // A level for each bit halves the error; these simple scales lose less than two bits.
  EXPECT_LT(std::sqrt(error / power), 4.0 * std::pow(2.0, -bits)) << bits << " bits a value";
  EXPECT_GT(error, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Every, BlockFormats, ::testing::ValuesIn(kBlockTypes), Name());

TEST(BlockFormats, KnownBlocks) {
  // d = 0.5: one value by hand for the formats with the least obvious packing.
  std::uint8_t q4_0[18] = {0x00, 0x38, 0xF1};
  float out[256];
  dequantize(DType::kQ4_0, reinterpret_cast<const std::byte*>(q4_0), 1, out);
  EXPECT_EQ(out[0], -3.5f);  // (1 - 8) / 2
  EXPECT_EQ(out[16], 3.5f);  // (15 - 8) / 2
  EXPECT_EQ(out[1], -4.0f);  // (0 - 8) / 2
  std::uint8_t q6_k[210] = {};
  q6_k[209] = 0x3C;       // d = 1
  q6_k[192 + 15] = 0xFE;  // the last group's scale: -2
  q6_k[127] = 0xA0;       // the last value's low bits: 10
  q6_k[191] = 0xC0;       // and its high ones: 3
  dequantize(DType::kQ6_K, reinterpret_cast<const std::byte*>(q6_k), 1, out);
  EXPECT_EQ(out[255], -2.0f * (10 + 48 - 32));
  EXPECT_EQ(out[254], -2.0f * -32);
  EXPECT_EQ(out[0], 0.0f);
}

}  // namespace dequantize_test
}  // namespace parley::nn
