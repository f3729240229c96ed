// A plain quantiser for each block format: scales from the largest value or the range of a group,
// each value to its nearest level. Made to be simple, not to be the best one could find.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "nn/files/gguf_test_support.hpp"

namespace parley::test {
namespace {

using nn::DType;
using Values = std::span<const double>;
using Block = std::vector<std::uint8_t>;

void put_half(Block& block, std::size_t at, double value) {
  const auto half = static_cast<_Float16>(value);
  std::memcpy(block.data() + at, &half, 2);
}
double as_half(double value) {
  return static_cast<double>(static_cast<_Float16>(value));
}
int nearest(double value, double scale, int low, int high) {
  if (scale == 0) return std::clamp(0, low, high);
  return std::clamp(static_cast<int>(std::lround(value / scale)), low, high);
}
double largest(Values x) {
  double most = 0;
  for (const double v : x) most = std::max(most, std::fabs(v));
  return most;
}
double lowest(Values x) {
  return std::min(0.0, *std::ranges::min_element(x));
}
double highest(Values x) {
  return std::max(0.0, *std::ranges::max_element(x));
}

Block q8_0(Values x) {
  Block b(34);
  const double d = as_half(largest(x) / 127);
  put_half(b, 0, d);
  for (std::size_t i = 0; i < 32; ++i)
    b[2 + i] = static_cast<std::uint8_t>(nearest(x[i], d, -127, 127));
  return b;
}

// Q4_0, Q4_1, Q5_0 and Q5_1: levels of `bits` bits around zero, or from a minimum.
Block halves(Values x, int bits, bool with_min) {
  const int top = (1 << bits) - 1, middle = 1 << (bits - 1);
  const std::size_t scales = with_min ? 4 : 2, fifth = bits == 5 ? 4 : 0;
  Block b(scales + fifth + 16);
  const double low = as_half(with_min ? lowest(x) : 0);
  const double d = as_half(with_min ? (highest(x) - low) / top : largest(x) / (middle - 1));
  put_half(b, 0, d);
  if (with_min) put_half(b, 2, low);
  for (std::size_t i = 0; i < 32; ++i) {
    const int q =
        with_min ? nearest(x[i] - low, d, 0, top) : nearest(x[i], d, -middle, middle - 1) + middle;
    b[scales + fifth + i % 16] |= static_cast<std::uint8_t>((q & 15) << (i / 16 * 4));
    if (bits == 5) b[scales + i / 8] |= static_cast<std::uint8_t>((q >> 4) << (i % 8));
  }
  return b;
}

constexpr int kLevels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                             1,    13,   25,  38,  53,  69,  89,  113};
int nearest_level(double value, double scale) {
  int best = 0;
  for (int i = 1; i < 16; ++i) {
    if (std::fabs(kLevels[i] * scale - value) < std::fabs(kLevels[best] * scale - value)) best = i;
  }
  return best;
}

Block iq4_nl(Values x) {
  Block b(18);
  const double d = as_half(largest(x) / 113);
  put_half(b, 0, d);
  for (std::size_t i = 0; i < 32; ++i)
    b[2 + i % 16] |= static_cast<std::uint8_t>(nearest_level(x[i], d) << (i / 16 * 4));
  return b;
}

Block iq4_xs(Values x) {
  Block b(136);
  const double d = as_half(largest(x) / 113 / 31);
  put_half(b, 0, d);
  for (std::size_t g = 0; g < 8; ++g) {
    const Values group = x.subspan(g * 32, 32);
    const int scale = nearest(largest(group) / 113, d, -32, 31);
    const auto stored = static_cast<std::size_t>(scale + 32);
    b[2 + g / 4] |= static_cast<std::uint8_t>((stored >> 4) << (g % 4 * 2));
    b[4 + g / 2] |= static_cast<std::uint8_t>((stored & 15) << (g % 2 * 4));
    for (std::size_t i = 0; i < 32; ++i)
      b[8 + g * 16 + i % 16] |=
          static_cast<std::uint8_t>(nearest_level(group[i], d * scale) << (i / 16 * 4));
  }
  return b;
}

// Q4_K and Q5_K: eight groups with a six-bit scale and minimum each.
Block k_with_mins(Values x, int bits) {
  const std::size_t fifth = bits == 5 ? 32 : 0;
  Block b(16 + fifth + 128);
  const int top = (1 << bits) - 1;
  double most_scale = 0, most_min = 0;
  for (std::size_t g = 0; g < 8; ++g) {
    const Values group = x.subspan(g * 32, 32);
    most_scale = std::max(most_scale, (highest(group) - lowest(group)) / top);
    most_min = std::max(most_min, -lowest(group));
  }
  const double d = as_half(most_scale / 63), dmin = as_half(most_min / 63);
  put_half(b, 0, d);
  put_half(b, 2, dmin);
  for (std::size_t g = 0; g < 8; ++g) {
    const Values group = x.subspan(g * 32, 32);
    const int scale = nearest((highest(group) - lowest(group)) / top, d, 0, 63);
    const int min = nearest(-lowest(group), dmin, 0, 63);
    std::uint8_t* packed = b.data() + 4;
    if (g < 4) {
      packed[g] |= static_cast<std::uint8_t>(scale);
      packed[g + 4] |= static_cast<std::uint8_t>(min);
    } else {
      packed[g + 4] = static_cast<std::uint8_t>((scale & 15) | (min & 15) << 4);
      packed[g - 4] |= static_cast<std::uint8_t>((scale >> 4) << 6);
      packed[g] |= static_cast<std::uint8_t>((min >> 4) << 6);
    }
    for (std::size_t i = 0; i < 32; ++i) {
      const int q = nearest(group[i] + dmin * min, d * scale, 0, top);
      b[16 + fifth + g / 2 * 32 + i] |= static_cast<std::uint8_t>((q & 15) << (g % 2 * 4));
      if (bits == 5) b[16 + i] |= static_cast<std::uint8_t>((q >> 4) << g);
    }
  }
  return b;
}

Block q6_k(Values x) {
  Block b(210);
  const double d = as_half(largest(x) / 31 / 127);
  put_half(b, 208, d);
  for (std::size_t g = 0; g < 16; ++g) {
    const Values group = x.subspan(g * 16, 16);
    const int scale = nearest(largest(group) / 31, d, 0, 127);
    b[192 + g] = static_cast<std::uint8_t>(scale);
    for (std::size_t i = 0; i < 16; ++i) {
      const int q = nearest(group[i], d * scale, -32, 31) + 32;
      const std::size_t at = g * 16 + i, part = at / 128, row = at % 128 / 32, column = at % 32;
      b[part * 64 + row % 2 * 32 + column] |= static_cast<std::uint8_t>((q & 15) << (row / 2 * 4));
      b[128 + part * 32 + column] |= static_cast<std::uint8_t>((q >> 4) << (row * 2));
    }
  }
  return b;
}

// Where value `at` of a block of Q2_K or Q3_K has its two low bits.
std::size_t two_bit_byte(std::size_t at) {
  return at / 128 * 32 + at % 32;
}
std::size_t two_bit_shift(std::size_t at) {
  return at % 128 / 32 * 2;
}

Block q2_k(Values x) {
  Block b(84);
  double most_scale = 0, most_min = 0;
  for (std::size_t g = 0; g < 16; ++g) {
    const Values group = x.subspan(g * 16, 16);
    most_scale = std::max(most_scale, (highest(group) - lowest(group)) / 3);
    most_min = std::max(most_min, -lowest(group));
  }
  const double d = as_half(most_scale / 15), dmin = as_half(most_min / 15);
  put_half(b, 80, d);
  put_half(b, 82, dmin);
  for (std::size_t g = 0; g < 16; ++g) {
    const Values group = x.subspan(g * 16, 16);
    const int scale = nearest((highest(group) - lowest(group)) / 3, d, 0, 15);
    const int min = nearest(-lowest(group), dmin, 0, 15);
    b[g] = static_cast<std::uint8_t>(scale | min << 4);
    for (std::size_t i = 0; i < 16; ++i) {
      const int q = nearest(group[i] + dmin * min, d * scale, 0, 3);
      b[16 + two_bit_byte(g * 16 + i)] |= static_cast<std::uint8_t>(q << two_bit_shift(g * 16 + i));
    }
  }
  return b;
}

Block q3_k(Values x) {
  Block b(110);
  const double d = as_half(largest(x) / 3 / 31);
  put_half(b, 108, d);
  for (std::size_t g = 0; g < 16; ++g) {
    const Values group = x.subspan(g * 16, 16);
    const int scale = nearest(largest(group) / 3, d, -32, 31), stored = scale + 32;
    b[96 + g % 8] |= static_cast<std::uint8_t>((stored & 15) << (g / 8 * 4));
    b[104 + g % 4] |= static_cast<std::uint8_t>((stored >> 4) << (g / 4 * 2));
    for (std::size_t i = 0; i < 16; ++i) {
      const std::size_t at = g * 16 + i;
      const int q = nearest(group[i], d * scale, -4, 3) + 4;
      b[32 + two_bit_byte(at)] |= static_cast<std::uint8_t>((q & 3) << two_bit_shift(at));
      b[at % 32] |= static_cast<std::uint8_t>((q >> 2) << (at / 32));
    }
  }
  return b;
}

Block one_value(DType dtype, double value) {
  const auto single = static_cast<float>(value);
  Block b(dtype == DType::kF32 ? 4 : 2);
  if (dtype == DType::kF32) std::memcpy(b.data(), &single, 4);
  if (dtype == DType::kF16) put_half(b, 0, value);
  if (dtype == DType::kBF16) {  // values that BF16 holds exactly; others lose their low bits
    std::uint8_t bytes[4];
    std::memcpy(bytes, &single, 4);
    std::memcpy(b.data(), bytes + 2, 2);
  }
  return b;
}

Block quantise_block(DType dtype, Values x) {
  switch (dtype) {
    case DType::kF32:
    case DType::kF16:
    case DType::kBF16:
      return one_value(dtype, x[0]);
    case DType::kQ8_0:
      return q8_0(x);
    case DType::kQ4_0:
      return halves(x, 4, false);
    case DType::kQ4_1:
      return halves(x, 4, true);
    case DType::kQ5_0:
      return halves(x, 5, false);
    case DType::kQ5_1:
      return halves(x, 5, true);
    case DType::kQ4_K:
      return k_with_mins(x, 4);
    case DType::kQ5_K:
      return k_with_mins(x, 5);
    case DType::kQ6_K:
      return q6_k(x);
    case DType::kQ2_K:
      return q2_k(x);
    case DType::kQ3_K:
      return q3_k(x);
    case DType::kIQ4_NL:
      return iq4_nl(x);
    case DType::kIQ4_XS:
      return iq4_xs(x);
  }
  return {};
}

}  // namespace

std::string quantise(DType dtype, Values values) {
  const std::size_t size = dtype <= DType::kBF16 ? 1
                           : dtype == DType::kQ8_0 || dtype == DType::kQ4_0 ||
                                   dtype == DType::kQ4_1 || dtype == DType::kQ5_0 ||
                                   dtype == DType::kQ5_1 || dtype == DType::kIQ4_NL
                               ? 32
                               : 256;
  std::string out;
  for (std::size_t at = 0; at + size <= values.size(); at += size) {
    const Block block = quantise_block(dtype, values.subspan(at, size));
    out.append(block.begin(), block.end());
  }
  return out;
}

std::uint32_t gguf_type_number(DType dtype) {
  static constexpr std::uint32_t kNumbers[] = {0, 1, 30, 8, 2, 12, 13, 14, 3, 6, 7, 10, 11, 20, 23};
  return kNumbers[static_cast<std::size_t>(dtype)];
}

}  // namespace parley::test
