// The specification of the arithmetic, in plain loops. Slow on purpose: nothing here may be
// reordered.
#include <cmath>

#include "nn/kernels.hpp"

namespace parley::nn {
namespace {

void quantize(const float* x, int k, std::int8_t* q, float* scale, std::int32_t* sum) {
  for (int start = 0, g = 0; start < k; start += kGroup, ++g) {
    const int count = k - start < kGroup ? k - start : kGroup;
    float amax = 0.0f;
    for (int i = 0; i < count; ++i) {
      const float a = std::fabs(x[start + i]);
      if (a > amax) amax = a;
    }
    const bool zero = amax < 1e-30f;
    const float inverse = zero ? 0.0f : 127.0f / amax;
    scale[g] = zero ? 0.0f : amax / 127.0f;
    std::int32_t total = 0;
    for (int i = 0; i < kGroup; ++i) {
      const int value = i < count ? static_cast<int>(exact_rint(x[start + i] * inverse)) : 0;
      q[start + i] = static_cast<std::int8_t>(value);
      total += value;
    }
    sum[g] = total;
  }
}

void linear(const LinearArgs& a) {
  const int groups = a.k / kGroup;
  for (int row = 0; row < a.rows; ++row) {
    for (int n = a.n_begin; n < a.n_end; ++n) {
      const int tile = n / kTile, lane = n % kTile;
      float y = 0.0f;
      for (int g = 0; g < groups; ++g) {
        std::int32_t dot = 0;
        for (int k = g * kGroup; k < (g + 1) * kGroup; ++k) {
          const std::size_t at = static_cast<std::size_t>(tile) * a.k * kTile +
                                 static_cast<std::size_t>(k / 4) * kTile * 4 + lane * 4 + k % 4;
          dot += a.x[static_cast<std::size_t>(row) * a.k + k] * (static_cast<int>(a.w[at]) - 128);
        }
        const float w_scale =
            a.w_scale[(static_cast<std::size_t>(tile) * groups + g) * kTile + lane];
        const float scale = w_scale * a.x_scale[static_cast<std::size_t>(row) * groups + g];
        y = y + static_cast<float>(dot) * scale;
      }
      a.y[static_cast<std::size_t>(row) * a.y_stride + n] = y;
    }
  }
}

void linear_f32(const LinearF32Args& a) {
  for (int row = 0; row < a.rows; ++row) {
    const float* x = a.x + static_cast<std::size_t>(row) * a.x_stride;
    for (int n = a.n_begin; n < a.n_end; ++n) {
      const float* w = a.w + static_cast<std::size_t>(n / kTile) * a.k * kTile + n % kTile;
      float y = 0.0f;
      for (int k = 0; k < a.k; ++k) y = y + x[k] * w[static_cast<std::size_t>(k) * kTile];
      a.y[static_cast<std::size_t>(row) * a.y_stride + n] = y;
    }
  }
}

void rms_norm(const float* x, const float* weight, int n, float epsilon, float* y) {
  float lanes[kLanes] = {};
  for (int i = 0; i < n; ++i) lanes[i % kLanes] = lanes[i % kLanes] + x[i] * x[i];
  const float mean = reduce_lanes(lanes) / static_cast<float>(n);
  const float r = 1.0f / exact_sqrt(mean + epsilon);
  for (int i = 0; i < n; ++i) y[i] = (x[i] * r) * weight[i];
}

void attention(const AttentionArgs& a) {
  const int stride = (a.length + kKvBlock - 1) / kKvBlock * kKvBlock;
  for (int h = 0; h < a.heads; ++h) {
    const float* q = a.q + static_cast<std::size_t>(h) * a.head_dim;
    float* s = a.scores + static_cast<std::size_t>(h) * stride;
    float max = -3.4e38f;
    for (int p = 0; p < a.length; ++p) {
      const float* k = a.k_blocks[p / kKvBlock] +
                       static_cast<std::size_t>(p % kKvBlock / kLanes) * a.head_dim * kLanes +
                       p % kLanes;
      float dot = 0.0f;
      for (int d = 0; d < a.head_dim; ++d)
        dot = dot + q[d] * k[static_cast<std::size_t>(d) * kLanes];
      s[p] = dot;
      if (dot > max) max = dot;
    }
    float lanes[kLanes] = {};
    for (int p = 0; p < a.length; ++p) {
      s[p] = exact_exp(s[p] - max);
      lanes[p % kLanes] = lanes[p % kLanes] + s[p];
    }
    const float inverse = 1.0f / reduce_lanes(lanes);
    for (int d = 0; d < a.head_dim; ++d) {
      float sum = 0.0f;
      for (int p = 0; p < a.length; ++p) {
        sum = sum +
              s[p] *
                  a.v_blocks[p / kKvBlock][static_cast<std::size_t>(p % kKvBlock) * a.head_dim + d];
      }
      a.out[static_cast<std::size_t>(h) * a.head_dim + d] = sum * inverse;
    }
  }
}

void silu_mul(const float* gate, const float* up, int n, float* y) {
  for (int i = 0; i < n; ++i) y[i] = exact_silu(gate[i]) * up[i];
}

void add(float* x, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] = x[i] + y[i];
}

float exp_sum(const float* x, float max, int n, float* e) {
  float lanes[kLanes] = {};
  for (int i = 0; i < n; ++i) {
    e[i] = exact_exp(x[i] - max);
    lanes[i % kLanes] = lanes[i % kLanes] + e[i];
  }
  return reduce_lanes(lanes);
}

}  // namespace

const Kernels& scalar_kernels() {
  static const Kernels table = {"scalar",  quantize, linear, linear_f32, rms_norm,
                                attention, silu_mul, add,    exp_sum};
  return table;
}

}  // namespace parley::nn
