// One linear layer's weights in the layout the kernels stream through: tiles of kTile outputs, K
// innermost.
//   int8:    w[tile][k / 4][kTile][4] as w + 128;  scale[tile][k / kGroup][kTile]
//   float32: w[tile][k][kTile]
// K is padded to a multiple of kGroup and the outputs to a multiple of kTile, with zero weights.
#pragma once

#include <cstdint>
#include <functional>

#include "nn/aligned.hpp"
#include "nn/kernels.hpp"

namespace parley::nn {

class PackedLinear {
 public:
  // Fills `out` with row `n` (k floats) of the weight matrix.
  using RowSource = std::function<void(int n, float* out)>;

  PackedLinear() = default;
  // Per output and group: scale = amax / 127, w = rint(w / scale) by IEEE division; a group of
  // zeros has scale 0.
  static PackedLinear int8(int n, int k, const RowSource& row, int threads);
  static PackedLinear float32(int n, int k, const RowSource& row, int threads);

  int n() const { return n_; }
  int k() const { return k_; }
  int n_padded() const { return (n_ + kTile - 1) / kTile * kTile; }
  int k_padded() const { return (k_ + kGroup - 1) / kGroup * kGroup; }
  int tiles() const { return n_padded() / kTile; }
  bool is_float32() const { return f32_.size() != 0; }
  std::size_t bytes() const { return w_.size() + scale_.size() * 4 + f32_.size() * 4; }
  const std::uint8_t* w() const { return w_.data(); }
  const float* scale() const { return scale_.data(); }
  const float* f32() const { return f32_.data(); }

 private:
  int n_ = 0, k_ = 0;
  AlignedArray<std::uint8_t> w_;
  AlignedArray<float> scale_;
  AlignedArray<float> f32_;
};

}  // namespace parley::nn
