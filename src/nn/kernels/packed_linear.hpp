// One linear layer's weights in the layout the kernels stream through: tiles of kTile outputs, K
// innermost.
//   int8:    w[tile][k / 4][kTile][4] as w + 128;                 scale[tile][k / kGroup8][kTile]
//   int4:    w[tile][k / 8][kTile][4]: K 0…3 as w + 8 in the low
//            four bits of the four bytes, K 4…7 in the high;      scale[tile][k / kGroup4][kTile]
//   float32: w[tile][k][kTile]
// Scales are bfloat16. K is padded to a multiple of the group and the outputs to a multiple of
// kTile, with zero weights.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>

#include "nn/kernels/aligned.hpp"
#include "nn/kernels/kernels.hpp"

namespace parley::nn {

enum class Precision { kInt8, kInt4, kFloat32 };
inline constexpr Precision kPrecisions[] = {Precision::kInt8, Precision::kInt4,
                                            Precision::kFloat32};
const char* precision_name(Precision precision);  // "int8", "int4", "float32"
// Nothing when no precision has the name.
std::optional<Precision> precision_named(std::string_view name);

class PackedLinear {
 public:
  // Fills `out` with row `n` (k floats) of the weight matrix. Called from several threads.
  using RowSource = std::function<void(int n, float* out)>;

  PackedLinear() = default;
  // int8: scale = bfloat16(amax / 127), w = rint(w / scale).
  // int4: of the scales bfloat16(±amax / d), d = 6.4, 6.7 … 9.1, the one with the least squared
  // error; w = rint(w / scale), cut to -8 … 7.
  // A group of zeros has scale 0.
  static PackedLinear pack(Precision precision, int n, int k, const RowSource& row, int threads);
  // Over bytes that stay where they are (a mapped file) for this object's life.
  // REQUIRES: the spans hold w_bytes() and scale_bytes() of that shape and are 64-byte aligned.
  static PackedLinear view(Precision precision, int n, int k, std::span<const std::byte> w,
                           std::span<const std::byte> scale);
  static std::size_t w_bytes(Precision precision, int n, int k);
  static std::size_t scale_bytes(Precision precision, int n, int k);

  Precision precision() const { return precision_; }
  int n() const { return n_; }
  int k() const { return k_; }
  int bits() const { return precision_ == Precision::kInt4 ? 4 : 8; }
  int group() const { return precision_ == Precision::kInt4 ? kGroup4 : kGroup8; }
  int n_padded() const { return (n_ + kTile - 1) / kTile * kTile; }
  int k_padded() const { return (k_ + group() - 1) / group() * group(); }
  int tiles() const { return n_padded() / kTile; }
  bool is_float32() const { return precision_ == Precision::kFloat32; }
  std::size_t bytes() const { return w_.size() + scale_.size(); }
  std::span<const std::byte> w_data() const { return w_; }
  std::span<const std::byte> scale_data() const { return scale_; }
  const std::uint8_t* w() const { return reinterpret_cast<const std::uint8_t*>(w_.data()); }
  const std::uint16_t* scale() const {
    return reinterpret_cast<const std::uint16_t*>(scale_.data());
  }
  const float* f32() const { return reinterpret_cast<const float*>(w_.data()); }

 private:
  Precision precision_ = Precision::kInt8;
  int n_ = 0, k_ = 0;
  AlignedArray<std::byte> owned_w_, owned_scale_;  // empty for a view
  std::span<const std::byte> w_, scale_;
};

}  // namespace parley::nn
