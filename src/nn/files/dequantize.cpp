#include "nn/files/dequantize.hpp"

#include <cstring>

#include "base/bfloat16.hpp"
namespace parley::nn {
namespace {

using Bytes = const std::uint8_t*;

std::uint16_t u16(Bytes at) {
  return static_cast<std::uint16_t>(at[0] | at[1] << 8);
}
float half(Bytes at) {
  return f16_to_float(u16(at));
}
int i8(std::uint8_t bits) {
  return static_cast<std::int8_t>(bits);
}

// [d: f16][32 × int8]
void q8_0(Bytes b, float* out) {
  const float d = half(b);
  for (int i = 0; i < 32; ++i) out[i] = static_cast<float>(i8(b[2 + i])) * d;
}

// The formats of 32 four- or five-bit values: the low half of byte i is value i, the high half
// value i + 16.
// [d][16 bytes]
void q4_0(Bytes b, float* out) {
  const float d = half(b);
  for (int i = 0; i < 16; ++i) {
    out[i] = static_cast<float>((b[2 + i] & 15) - 8) * d;
    out[i + 16] = static_cast<float>((b[2 + i] >> 4) - 8) * d;
  }
}

// [d][m][16 bytes]
void q4_1(Bytes b, float* out) {
  const float d = half(b), m = half(b + 2);
  for (int i = 0; i < 16; ++i) {
    out[i] = static_cast<float>(b[4 + i] & 15) * d + m;
    out[i + 16] = static_cast<float>(b[4 + i] >> 4) * d + m;
  }
}

// The fifth bits of 32 values, value 0's first.
std::uint32_t fifth_bits(Bytes at) {
  return static_cast<std::uint32_t>(u16(at)) | static_cast<std::uint32_t>(u16(at + 2)) << 16;
}

// [d][fifth bits: 4 bytes][16 bytes]
void q5_0(Bytes b, float* out) {
  const float d = half(b);
  const std::uint32_t high = fifth_bits(b + 2);
  for (int i = 0; i < 16; ++i) {
    const int low = (b[6 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
    const int up = b[6 + i] >> 4 | static_cast<int>(high >> (i + 16) & 1) << 4;
    out[i] = static_cast<float>(low - 16) * d;
    out[i + 16] = static_cast<float>(up - 16) * d;
  }
}

// [d][m][fifth bits][16 bytes]
void q5_1(Bytes b, float* out) {
  const float d = half(b), m = half(b + 2);
  const std::uint32_t high = fifth_bits(b + 4);
  for (int i = 0; i < 16; ++i) {
    const int low = (b[8 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
    const int up = b[8 + i] >> 4 | static_cast<int>(high >> (i + 16) & 1) << 4;
    out[i] = static_cast<float>(low) * d + m;
    out[i + 16] = static_cast<float>(up) * d + m;
  }
}

// The IQ4 formats' sixteen levels.
constexpr float kIq4Levels[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                  1,    13,   25,  38,  53,  69,  89,  113};

// [d][16 bytes]
void iq4_nl(Bytes b, float* out) {
  const float d = half(b);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * kIq4Levels[b[2 + i] & 15];
    out[i + 16] = d * kIq4Levels[b[2 + i] >> 4];
  }
}

// [d][high scale bits: u16][low scale bits: 4 bytes][8 groups × 16 bytes]
void iq4_xs(Bytes b, float* out) {
  const float d = half(b);
  const int high = u16(b + 2);
  for (int group = 0; group < 8; ++group) {
    const int scale = (b[4 + group / 2] >> (4 * (group % 2)) & 15) | (high >> (2 * group) & 3) << 4;
    const float dl = d * static_cast<float>(scale - 32);
    Bytes q = b + 8 + group * 16;
    for (int i = 0; i < 16; ++i) {
      out[group * 32 + i] = dl * kIq4Levels[q[i] & 15];
      out[group * 32 + i + 16] = dl * kIq4Levels[q[i] >> 4];
    }
  }
}

// Q4_K and Q5_K: eight six-bit scales and eight six-bit minimums in twelve bytes. The first four
// of each are the low six bits of bytes 0-3 and 4-7; the others take their low halves from bytes
// 8-11 and their top two bits from what is left of bytes 0-7.
struct ScaleAndMin {
  int scale, min;
};
ScaleAndMin scale_and_min(Bytes packed, int group) {
  if (group < 4) return {packed[group] & 63, packed[group + 4] & 63};
  return {(packed[group + 4] & 15) | packed[group - 4] >> 6 << 4,
          packed[group + 4] >> 4 | packed[group] >> 6 << 4};
}

// Q4_K: [d][dmin][scales: 12][128 bytes]; Q5_K has 32 bytes of fifth bits before the last part.
// Groups 2j and 2j+1 are the low and high halves of the same 32 bytes.
template <bool kFifthBit>
void q45_k(Bytes b, float* out) {
  const float d = half(b), dmin = half(b + 2);
  Bytes high = b + 16, q = b + (kFifthBit ? 48 : 16);
  for (int group = 0; group < 8; ++group) {
    const ScaleAndMin packed = scale_and_min(b + 4, group);
    const float scale = d * static_cast<float>(packed.scale);
    const float min = dmin * static_cast<float>(packed.min);
    for (int i = 0; i < 32; ++i) {
      int value = q[group / 2 * 32 + i] >> (4 * (group % 2)) & 15;
      if (kFifthBit) value |= (high[i] >> group & 1) << 4;
      out[group * 32 + i] = scale * static_cast<float>(value) - min;
    }
  }
}

// [low halves: 128][top two bits: 64][16 × int8 scale][d]
void q6_k(Bytes b, float* out) {
  const float d = half(b + 208);
  for (int group = 0; group < 16; ++group) {
    const int part = group / 8, row = group % 8 / 2, at = group % 2 * 16;
    Bytes low = b + part * 64 + row % 2 * 32 + at, high = b + 128 + part * 32 + at;
    const int low_shift = row / 2 * 4, high_shift = row * 2;
    const float scale = d * static_cast<float>(i8(b[192 + group]));
    for (int i = 0; i < 16; ++i) {
      const int value = (low[i] >> low_shift & 15) | (high[i] >> high_shift & 3) << 4;
      out[group * 16 + i] = scale * static_cast<float>(value - 32);
    }
  }
}

// [16 bytes: scale, min in halves][64 bytes][d][dmin]; groups of 16.
void q2_k(Bytes b, float* out) {
  const float d = half(b + 80), dmin = half(b + 82);
  for (int group = 0; group < 16; ++group) {
    const float scale = d * static_cast<float>(b[group] & 15);
    const float min = dmin * static_cast<float>(b[group] >> 4);
    Bytes q = b + 16 + group / 8 * 32 + group % 2 * 16;
    const int shift = group % 8 / 2 * 2;
    for (int i = 0; i < 16; ++i)
      out[group * 16 + i] = scale * static_cast<float>(q[i] >> shift & 3) - min;
  }
}

// [third bits: 32][64 bytes][16 six-bit scales: 12][d]; a third bit of 0 takes 4 off.
void q3_k(Bytes b, float* out) {
  const float d = half(b + 108);
  Bytes packed = b + 96;
  for (int group = 0; group < 16; ++group) {
    const int low = packed[group % 8] >> (group / 8 * 4) & 15;
    const int high = packed[8 + group % 4] >> (group / 4 * 2) & 3;
    const float scale = d * static_cast<float>((low | high << 4) - 32);
    const int part = group / 8, at = group % 2 * 16, shift = group % 8 / 2 * 2;
    for (int i = 0; i < 16; ++i) {
      const int third = b[at + i] >> (part * 4 + shift / 2) & 1;
      const int value = (b[32 + part * 32 + at + i] >> shift & 3) - (third ? 0 : 4);
      out[group * 16 + i] = scale * static_cast<float>(value);
    }
  }
}

void f32(Bytes from, std::int64_t count, float* out) {
  std::memcpy(out, from, static_cast<std::size_t>(count) * 4);
}
template <float (*kWiden)(std::uint16_t)>
void sixteen_bits(Bytes from, std::int64_t count, float* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    std::uint16_t bits;
    std::memcpy(&bits, from + i * 2, 2);
    out[i] = kWiden(bits);
  }
}
template <void (*kBlock)(Bytes, float*), int kValues, int kBytes>
void each(Bytes from, std::int64_t blocks, float* out) {
  for (std::int64_t i = 0; i < blocks; ++i) kBlock(from + i * kBytes, out + i * kValues);
}

struct Format {
  const char* name;
  int values;
  int bytes;
  void (*read)(Bytes, std::int64_t, float*);
};
template <void (*kBlock)(Bytes, float*), int kValues, int kBytes>
constexpr Format format(const char* name) {
  return {name, kValues, kBytes, each<kBlock, kValues, kBytes>};
}

const Format& format_of(DType dtype) {
  static constexpr Format kFormats[] = {
      // in DType's order
      {"F32", 1, 4, f32},
      {"F16", 1, 2, sixteen_bits<f16_to_float>},
      {"BF16", 1, 2, sixteen_bits<bf16_value>},
      format<q8_0, 32, 34>("Q8_0"),
      format<q4_0, 32, 18>("Q4_0"),
      format<q45_k<false>, 256, 144>("Q4_K"),
      format<q45_k<true>, 256, 176>("Q5_K"),
      format<q6_k, 256, 210>("Q6_K"),
      format<q4_1, 32, 20>("Q4_1"),
      format<q5_0, 32, 22>("Q5_0"),
      format<q5_1, 32, 24>("Q5_1"),
      format<q2_k, 256, 84>("Q2_K"),
      format<q3_k, 256, 110>("Q3_K"),
      format<iq4_nl, 32, 18>("IQ4_NL"),
      format<iq4_xs, 256, 136>("IQ4_XS"),
  };
  return kFormats[static_cast<std::size_t>(dtype)];
}

}  // namespace

const char* dtype_name(DType dtype) {
  return format_of(dtype).name;
}
int dtype_block(DType dtype) {
  return format_of(dtype).values;
}
std::size_t dtype_block_bytes(DType dtype) {
  return static_cast<std::size_t>(format_of(dtype).bytes);
}

void dequantize(DType dtype, const std::byte* from, std::int64_t blocks, float* out) {
  format_of(dtype).read(reinterpret_cast<Bytes>(from), blocks, out);
}

}  // namespace parley::nn
