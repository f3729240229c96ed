// The specification of the arithmetic, in plain loops. Slow on purpose: nothing here may be
// reordered. Attention's part is in kernels_scalar_attention.cpp.
#include <cmath>

#include "nn/kernels/kernels.hpp"
#include "nn/kernels/kernels_scalar.hpp"

namespace parley::nn {
namespace {

void quantize(const float* x, int k, int group, std::int8_t* q, float* scale, std::int32_t* sum) {
  for (int start = 0, g = 0; start < k; start += group, ++g) {
    const int count = k - start < group ? k - start : group;
    float amax = 0.0f;
    for (int i = 0; i < count; ++i) {
      const float a = std::fabs(x[start + i]);
      if (a > amax) amax = a;
    }
    const bool zero = amax < kTiny;
    const float inverse = zero ? 0.0f : 127.0f / amax;
    scale[g] = zero ? 0.0f : amax / 127.0f;
    std::int32_t total = 0;
    for (int i = 0; i < group; ++i) {
      const int value = i < count ? static_cast<int>(exact_rint(x[start + i] * inverse)) : 0;
      q[start + i] = static_cast<std::int8_t>(value);
      total += value;
    }
    sum[g] = total;
  }
}

void linear(const LinearArgs& a) {
  const int groups = a.k / a.group;
  for (int row = 0; row < a.rows; ++row) {
    for (int n = a.n_begin; n < a.n_end; ++n) {
      const std::size_t tile = n / kTile, lane = n % kTile;
      float y = 0.0f;
      for (int g = 0; g < groups; ++g) {
        std::int32_t dot = 0;
        for (int k = g * a.group; k < (g + 1) * a.group; ++k) {
          const std::size_t at_k = static_cast<std::size_t>(k);
          int w = 0;
          if (a.bits == 8) {
            const std::size_t at = tile * a.k * kTile + at_k / 4 * kTile * 4 + lane * 4 + at_k % 4;
            w = static_cast<int>(a.w[at]) - 128;
          } else {
            const std::size_t at =
                (tile * a.k * kTile + at_k / 8 * kTile * 8) / 2 + lane * 4 + at_k % 4;
            w = ((a.w[at] >> (k % 8 < 4 ? 0 : 4)) & 15) - 8;
          }
          dot += a.x[static_cast<std::size_t>(row) * a.k + k] * w;
        }
        const float w_scale = bf16_value(a.w_scale[(tile * groups + g) * kTile + lane]);
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

void layer_norm(const float* x, const float* weight, const float* bias, int n, float epsilon,
                float* y) {
  float lanes[kLanes] = {};
  for (int i = 0; i < n; ++i) lanes[i % kLanes] = lanes[i % kLanes] + x[i];
  const float mean = reduce_lanes(lanes) / static_cast<float>(n);
  float squares[kLanes] = {};
  for (int i = 0; i < n; ++i) {
    const float c = x[i] - mean;
    squares[i % kLanes] = squares[i % kLanes] + c * c;
  }
  const float r = 1.0f / exact_sqrt(reduce_lanes(squares) / static_cast<float>(n) + epsilon);
  for (int i = 0; i < n; ++i) y[i] = ((x[i] - mean) * r) * weight[i] + bias[i];
}

void activate(Activation act, const float* gate, const float* up, int n, float* y) {
  for (int i = 0; i < n; ++i) {
    const float a = act == Activation::kSilu ? exact_silu(gate[i]) : exact_gelu(gate[i]);
    y[i] = up ? a * up[i] : a;
  }
}

void add(float* x, const float* y, int n) {
  for (int i = 0; i < n; ++i) x[i] = x[i] + y[i];
}

void scale_all(float* x, float factor, int n) {
  for (int i = 0; i < n; ++i) x[i] = x[i] * factor;
}

void divide(float* x, float by, int n) {
  for (int i = 0; i < n; ++i) x[i] = x[i] / by;
}

void softcap(float* x, float cap, int n) {
  for (int i = 0; i < n; ++i) x[i] = cap * exact_tanh(x[i] / cap);
}

void rotate(float* x, const float* cosine, const float* sine, int half) {
  for (int i = 0; i < half; ++i) {
    const float a = x[i], b = x[i + half];
    x[i] = a * cosine[i] - b * sine[i];
    x[i + half] = b * cosine[i] + a * sine[i];
  }
}

float exp_sum(const float* x, float max, int n, float* e) {
  float lanes[kLanes] = {};
  for (int i = 0; i < n; ++i) {
    e[i] = exact_exp(x[i] - max);
    lanes[i % kLanes] = lanes[i % kLanes] + e[i];
  }
  return reduce_lanes(lanes);
}

int argmax(const float* x, int n) {
  int best = 0;
  for (int i = 1; i < n; ++i) {
    if (x[i] > x[best]) best = i;
  }
  return best;
}

}  // namespace

const Kernels& scalar_kernels() {
  static const Kernels table = {"scalar",
                                quantize,
                                linear,
                                linear_f32,
                                rms_norm,
                                layer_norm,
                                activate,
                                add,
                                scale_all,
                                divide,
                                softcap,
                                rotate,
                                scalar::store_key,
                                scalar::store_value,
                                scalar::attention_scores,
                                scalar::attention_weights,
                                scalar::attention_values,
                                scalar::attention_f32,
                                exp_sum,
                                argmax};
  return table;
}

}  // namespace parley::nn
