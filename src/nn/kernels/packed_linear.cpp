#include "nn/kernels/packed_linear.hpp"

#include <algorithm>
#include <vector>

#include "base/thread_team.hpp"
#include "nn/kernels/pack_tile.hpp"

namespace parley::nn {
namespace {

std::size_t padded(int n, int to) {
  return static_cast<std::size_t>((n + to - 1) / to) * static_cast<std::size_t>(to);
}

// `values` is [kTile][k].
void pack_tile_f32(const float* values, std::size_t k, float* to) {
  for (std::size_t j = 0; j < k; ++j) {
    for (std::size_t lane = 0; lane < kTile; ++lane) to[j * kTile + lane] = values[lane * k + j];
  }
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

std::optional<Precision> precision_named(std::string_view name) {
  for (const Precision each : kPrecisions) {
    if (name == precision_name(each)) return each;
  }
  return std::nullopt;
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
  constexpr Uninitialised kWritten{};  // every byte is written below
  AlignedArray<std::byte> w(w_bytes(precision, n, k), kWritten),
      scale(scale_bytes(precision, n, k), kWritten);
  PackedLinear out = view(precision, n, k, {w.data(), w.size()}, {scale.data(), scale.size()});
  out.owned_w_ = std::move(w);
  out.owned_scale_ = std::move(scale);
  auto* codes = reinterpret_cast<std::uint8_t*>(out.owned_w_.data());
  auto* scales = reinterpret_cast<std::uint16_t*>(out.owned_scale_.data());
  const bool f32 = out.is_float32();
  const auto kp = static_cast<std::size_t>(f32 ? k : out.k_padded());
  const std::size_t tile_bytes = out.w_.size() / static_cast<std::size_t>(out.tiles());
  const std::size_t tile_scales = f32 ? 0 : kp / static_cast<std::size_t>(out.group()) * kTile;
  const TilePackers packers = tile_packers();
  const PackTile quantise = precision == Precision::kInt8 ? packers.int8 : packers.int4;
  parallel_for(out.tiles(), threads, [&](int begin, int end) {
    std::vector<float> values(kTile * kp, 0.0f);
    for (int tile = begin; tile < end; ++tile) {
      for (int lane = 0; lane < kTile; ++lane) {
        float* to = values.data() + static_cast<std::size_t>(lane) * kp;
        if (tile * kTile + lane < n) {
          row(tile * kTile + lane, to);
        } else {
          std::fill(to, to + kp, 0.0f);
        }
      }
      const auto at = static_cast<std::size_t>(tile);
      std::uint8_t* to = codes + at * tile_bytes;
      if (f32) {
        pack_tile_f32(values.data(), kp, reinterpret_cast<float*>(to));
      } else {
        quantise(values.data(), kp, to, scales + at * tile_scales);
      }
    }
  });
  return out;
}

}  // namespace parley::nn
