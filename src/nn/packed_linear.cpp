#include "nn/packed_linear.hpp"

#include <cmath>
#include <vector>

#include "base/thread_team.hpp"

namespace parley::nn {

PackedLinear PackedLinear::int8(int n, int k, const RowSource& row, int threads) {
  PackedLinear out;
  out.n_ = n;
  out.k_ = k;
  const int kp = out.k_padded(), groups = kp / kGroup;
  out.w_ = AlignedArray<std::uint8_t>(static_cast<std::size_t>(out.n_padded()) * kp);
  out.scale_ = AlignedArray<float>(static_cast<std::size_t>(out.n_padded()) * groups);
  std::memset(out.w_.data(), 128, out.w_.size());
  parallel_for(out.tiles(), threads, [&](int begin, int end) {
    std::vector<float> values(kp, 0.0f);
    for (int i = begin * kTile; i < end * kTile && i < n; ++i) {
      row(i, values.data());
      const int tile = i / kTile, lane = i % kTile;
      for (int g = 0; g < groups; ++g) {
        const float* w = values.data() + g * kGroup;
        float amax = 0.0f;
        for (int j = 0; j < kGroup; ++j) amax = std::fabs(w[j]) > amax ? std::fabs(w[j]) : amax;
        const float scale = amax < 1e-30f ? 0.0f : amax / 127.0f;
        out.scale_[(static_cast<std::size_t>(tile) * groups + g) * kTile + lane] = scale;
        if (scale == 0.0f) continue;
        for (int j = 0; j < kGroup; ++j) {
          const int q = static_cast<int>(exact_rint(w[j] / scale));
          const int at_k = g * kGroup + j;
          out.w_[static_cast<std::size_t>(tile) * kp * kTile +
                 static_cast<std::size_t>(at_k / 4) * kTile * 4 + lane * 4 + at_k % 4] =
              static_cast<std::uint8_t>(q + 128);
        }
      }
    }
  });
  return out;
}

PackedLinear PackedLinear::float32(int n, int k, const RowSource& row, int threads) {
  PackedLinear out;
  out.n_ = n;
  out.k_ = k;
  out.f32_ = AlignedArray<float>(static_cast<std::size_t>(out.n_padded()) * k);
  parallel_for(out.tiles(), threads, [&](int begin, int end) {
    std::vector<float> values(k);
    for (int i = begin * kTile; i < end * kTile && i < n; ++i) {
      row(i, values.data());
      float* w = out.f32_.data() + static_cast<std::size_t>(i / kTile) * k * kTile + i % kTile;
      for (int j = 0; j < k; ++j) w[static_cast<std::size_t>(j) * kTile] = values[j];
    }
  });
  return out;
}

}  // namespace parley::nn
