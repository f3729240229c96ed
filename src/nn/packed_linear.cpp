#include "nn/packed_linear.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/thread_team.hpp"

namespace parley::nn {
namespace {

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

std::size_t padded(int n, int to) {
  return static_cast<std::size_t>((n + to - 1) / to) * static_cast<std::size_t>(to);
}

}  // namespace

const char* precision_name(Precision precision) {
  switch (precision) {
    case Precision::kInt8:
      return "int8";
    case Precision::kInt4:
      return "int4";
    case Precision::kFloat32:
      return "float32";
  }
  return "";
}

std::size_t PackedLinear::w_bytes(Precision precision, int n, int k) {
  const std::size_t outputs = padded(n, kTile);
  if (precision == Precision::kFloat32) return outputs * static_cast<std::size_t>(k) * 4;
  if (precision == Precision::kInt4) return outputs * padded(k, kGroup4) / 2;
  return outputs * padded(k, kGroup8);
}

std::size_t PackedLinear::scale_bytes(Precision precision, int n, int k) {
  if (precision == Precision::kFloat32) return 0;
  const int group = precision == Precision::kInt4 ? kGroup4 : kGroup8;
  return padded(n, kTile) * (padded(k, group) / group) * sizeof(std::uint16_t);
}

PackedLinear PackedLinear::view(Precision precision, int n, int k, std::span<const std::byte> w,
                                std::span<const std::byte> scale) {
  PackedLinear out;
  out.precision_ = precision;
  out.n_ = n;
  out.k_ = k;
  out.w_ = w.first(w_bytes(precision, n, k));
  out.scale_ = scale.first(scale_bytes(precision, n, k));
  return out;
}

PackedLinear PackedLinear::pack(Precision precision, int n, int k, const RowSource& row,
                                int threads) {
  AlignedArray<std::byte> w(w_bytes(precision, n, k)), scale(scale_bytes(precision, n, k));
  PackedLinear out = view(precision, n, k, {w.data(), w.size()}, {scale.data(), scale.size()});
  out.owned_w_ = std::move(w);
  out.owned_scale_ = std::move(scale);
  auto* codes = reinterpret_cast<std::uint8_t*>(out.owned_w_.data());
  auto* scales = reinterpret_cast<std::uint16_t*>(out.owned_scale_.data());
  const std::size_t kp = static_cast<std::size_t>(out.k_padded());
  const int group = out.group();
  if (precision == Precision::kInt8) std::memset(codes, 128, out.w_.size());
  if (precision == Precision::kInt4) std::memset(codes, 0x88, out.w_.size());
  parallel_for(out.tiles(), threads, [&](int begin, int end) {
    std::vector<float> values(kp, 0.0f);
    std::uint8_t packed[kMaxGroup];
    for (int i = begin * kTile; i < end * kTile && i < n; ++i) {
      row(i, values.data());
      const std::size_t tile = i / kTile, lane = i % kTile;
      if (precision == Precision::kFloat32) {
        float* to = reinterpret_cast<float*>(codes) + tile * k * kTile + lane;
        for (int j = 0; j < k; ++j) to[static_cast<std::size_t>(j) * kTile] = values[j];
        continue;
      }
      const int groups = static_cast<int>(kp) / group;
      for (int g = 0; g < groups; ++g) {
        const float* from = values.data() + g * group;
        scales[(tile * groups + g) * kTile + lane] =
            precision == Precision::kInt8 ? pack_group8(from, packed) : pack_group4(from, packed);
        if (scales[(tile * groups + g) * kTile + lane] == 0) continue;
        for (int j = 0; j < group; ++j) {
          const std::size_t at = static_cast<std::size_t>(g * group + j);
          if (precision == Precision::kInt8) {
            codes[tile * kp * kTile + at / 4 * kTile * 4 + lane * 4 + at % 4] = packed[j];
          } else {
            std::uint8_t& byte =
                codes[(tile * kp * kTile + at / 8 * kTile * 8) / 2 + lane * 4 + at % 4];
            byte = static_cast<std::uint8_t>(at % 8 < 4 ? (byte & 0xF0) | packed[j]
                                                        : (byte & 0x0F) | packed[j] << 4);
          }
        }
      }
    }
  });
  return out;
}

}  // namespace parley::nn
