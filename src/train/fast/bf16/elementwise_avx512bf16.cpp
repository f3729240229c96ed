#include <cmath>

#include "train/fast/bf16/simd_avx512.hpp"

namespace parley::train::bf16 {

void rmsnorm(const float* x, const float* weight, float epsilon, int rows, int cols, Bf16* y,
             std::ptrdiff_t stride, float* rstd) {
  for (int r = 0; r < rows; ++r, x += cols, y += stride) {
    __m512 sum = _mm512_setzero_ps();
    for (int c = 0; c < cols; c += 16) {
      const __m512 v = _mm512_loadu_ps(x + c);
      sum = _mm512_fmadd_ps(v, v, sum);
    }
    const float scale =
        1.0f / std::sqrt(_mm512_reduce_add_ps(sum) / static_cast<float>(cols) + epsilon);
    rstd[r] = scale;
    const __m512 s = _mm512_set1_ps(scale);
    for (int c = 0; c < cols; c += 16) {
      store_bf16(y + c, _mm512_mul_ps(_mm512_mul_ps(_mm512_loadu_ps(x + c), s),
                                      _mm512_loadu_ps(weight + c)));
    }
  }
}

void rmsnorm_backward(const float* x, const float* weight, const float* rstd, const float* dy,
                      int rows, int cols, float* dx, float* dweight) {
  for (int r = 0; r < rows; ++r, x += cols, dy += cols, dx += cols) {
    const __m512 s = _mm512_set1_ps(rstd[r]);
    __m512 sum = _mm512_setzero_ps();
    for (int c = 0; c < cols; c += 16) {
      const __m512 normed = _mm512_mul_ps(_mm512_loadu_ps(x + c), s);
      const __m512 g = _mm512_loadu_ps(dy + c);
      const __m512 gx = _mm512_mul_ps(g, normed);
      sum = _mm512_fmadd_ps(gx, _mm512_loadu_ps(weight + c), sum);
      _mm512_storeu_ps(dweight + c, _mm512_add_ps(_mm512_loadu_ps(dweight + c), gx));
    }
    const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(sum) / static_cast<float>(cols));
    for (int c = 0; c < cols; c += 16) {
      const __m512 normed = _mm512_mul_ps(_mm512_loadu_ps(x + c), s);
      const __m512 gw = _mm512_mul_ps(_mm512_loadu_ps(dy + c), _mm512_loadu_ps(weight + c));
      const __m512 d = _mm512_fnmadd_ps(normed, mean, gw);
      _mm512_storeu_ps(dx + c, _mm512_fmadd_ps(d, s, _mm512_loadu_ps(dx + c)));
    }
  }
}

void add_residual(const float* x, const float* branch, std::size_t count, const Dropout& dropout,
                  float* out) {
  const DropoutMask mask(dropout);
  for (std::size_t i = 0; i < count; i += 16) {
    _mm512_storeu_ps(
        out + i, _mm512_add_ps(_mm512_loadu_ps(x + i), mask.apply(_mm512_loadu_ps(branch + i), i)));
  }
}

void to_bf16(const float* from, int rows, int cols, const Dropout& dropout, Bf16* to,
             std::ptrdiff_t stride) {
  const DropoutMask mask(dropout);
  std::size_t at = 0;
  for (int r = 0; r < rows; ++r, to += stride) {
    for (int c = 0; c < cols; c += 16, at += 16)
      store_bf16(to + c, mask.apply(_mm512_loadu_ps(from + at), at));
  }
}

void rope(Bf16* x, std::ptrdiff_t stride, int rows, int heads, int head_dim, int first,
          const float* cosines, const float* sines, bool inverse) {
  const int half = head_dim / 2;
  const __m512 sign = _mm512_set1_ps(inverse ? -1.0f : 1.0f);
  for (int r = 0; r < rows; ++r, x += stride) {
    const float* cos_row = cosines + static_cast<std::ptrdiff_t>(first + r) * half;
    const float* sin_row = sines + static_cast<std::ptrdiff_t>(first + r) * half;
    for (int h = 0; h < heads; ++h) {
      Bf16* head = x + h * head_dim;
      for (int i = 0; i < half; i += 16) {
        const __m512 c = _mm512_loadu_ps(cos_row + i),
                     s = _mm512_mul_ps(_mm512_loadu_ps(sin_row + i), sign);
        const __m512 low = load_bf16(head + i), high = load_bf16(head + half + i);
        store_bf16(head + i, _mm512_fnmadd_ps(high, s, _mm512_mul_ps(low, c)));
        store_bf16(head + half + i, _mm512_fmadd_ps(low, s, _mm512_mul_ps(high, c)));
      }
    }
  }
}

static inline __m512 sigmoid(__m512 x) {
  const __m512 one = _mm512_set1_ps(1.0f);
  return _mm512_div_ps(one, _mm512_add_ps(one, exp_ps(_mm512_sub_ps(_mm512_setzero_ps(), x))));
}

void swiglu(const Bf16* gate_up, std::ptrdiff_t gate_up_stride, int rows, int hidden, Bf16* act,
            std::ptrdiff_t act_stride) {
  for (int r = 0; r < rows; ++r, gate_up += gate_up_stride, act += act_stride) {
    for (int c = 0; c < hidden; c += 16) {
      const __m512 g = load_bf16(gate_up + c);
      store_bf16(act + c,
                 _mm512_mul_ps(_mm512_mul_ps(g, sigmoid(g)), load_bf16(gate_up + hidden + c)));
    }
  }
}

void swiglu_backward(const Bf16* gate_up, std::ptrdiff_t gate_up_stride, const Bf16* d_act,
                     std::ptrdiff_t act_stride, int rows, int hidden, Bf16* d_gate_up, Bf16* act) {
  const __m512 one = _mm512_set1_ps(1.0f);
  for (int r = 0; r < rows; ++r, gate_up += gate_up_stride, d_gate_up += gate_up_stride,
           act += act_stride, d_act += act_stride) {
    for (int c = 0; c < hidden; c += 16) {
      const __m512 g = load_bf16(gate_up + c), u = load_bf16(gate_up + hidden + c),
                   d = load_bf16(d_act + c);
      const __m512 s = sigmoid(g);
      const __m512 silu = _mm512_mul_ps(g, s);
      store_bf16(act + c, _mm512_mul_ps(silu, u));
      // silu' = s * (1 + g * (1 - s))
      const __m512 slope = _mm512_mul_ps(s, _mm512_fmadd_ps(g, _mm512_sub_ps(one, s), one));
      store_bf16(d_gate_up + c, _mm512_mul_ps(_mm512_mul_ps(d, u), slope));
      store_bf16(d_gate_up + hidden + c, _mm512_mul_ps(d, silu));
    }
  }
}

double cross_entropy(Bf16* logits, std::ptrdiff_t stride, int rows, int n,
                     const std::int32_t* targets, float scale, bool backward) {
  double loss = 0;
  for (int r = 0; r < rows; ++r, logits += stride) {
    __m512 top = _mm512_set1_ps(-1e30f);
    for (int c = 0; c < n; c += 16) top = _mm512_max_ps(top, load_bf16(logits + c));
    const float max = _mm512_reduce_max_ps(top);
    const __m512 shift = _mm512_set1_ps(max);
    __m512 sum = _mm512_setzero_ps();
    for (int c = 0; c < n; c += 16)
      sum = _mm512_add_ps(sum, exp_ps(_mm512_sub_ps(load_bf16(logits + c), shift)));
    const float target = bf16_value(logits[targets[r]]);
    const float lse = max + std::log(_mm512_reduce_add_ps(sum));
    loss += lse - target;
    if (!backward) continue;
    const __m512 log_sum = _mm512_set1_ps(lse), factor = _mm512_set1_ps(scale);
    for (int c = 0; c < n; c += 16) {
      store_bf16(logits + c,
                 _mm512_mul_ps(exp_ps(_mm512_sub_ps(load_bf16(logits + c), log_sum)), factor));
    }
    const __m128i rounded =
        (__m128i)_mm_cvtneps_pbh(_mm_set1_ps((std::exp(target - lse) - 1.0f) * scale));
    logits[targets[r]] = static_cast<Bf16>(_mm_extract_epi16(rounded, 0));
  }
  return loss;
}

double sum_of_squares(const float* x, std::size_t count) {
  double total = 0;
  std::size_t i = 0;
  while (i + 16 <= count) {  // float sums of at most 4096 squares, then double
    __m512 sum = _mm512_setzero_ps();
    for (int n = 0; n < 256 && i + 16 <= count; ++n, i += 16) {
      const __m512 v = _mm512_loadu_ps(x + i);
      sum = _mm512_fmadd_ps(v, v, sum);
    }
    total += static_cast<double>(_mm512_reduce_add_ps(sum));
  }
  for (; i < count; ++i) total += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  return total;
}

void adamw(const AdamW& s, std::size_t count, float* weights, float* gradients, float* m,
           float* v) {
  const __m512 b1 = _mm512_set1_ps(s.beta1), b2 = _mm512_set1_ps(s.beta2);
  const __m512 c1 = _mm512_set1_ps(1 - s.beta1), c2 = _mm512_set1_ps(1 - s.beta2);
  const __m512 scale = _mm512_set1_ps(s.gradient_scale);
  const __m512 decay = _mm512_set1_ps(1 - s.learning_rate * s.weight_decay);
  const __m512 rate = _mm512_set1_ps(s.learning_rate / s.bias_correction1);
  const __m512 root = _mm512_set1_ps(1.0f / std::sqrt(s.bias_correction2));
  const __m512 epsilon = _mm512_set1_ps(s.epsilon);
  for (std::size_t i = 0; i < count; i += 16) {
    const __mmask16 k = count - i >= 16 ? 0xffff : static_cast<__mmask16>((1u << (count - i)) - 1);
    const __m512 g = _mm512_mul_ps(_mm512_maskz_loadu_ps(k, gradients + i), scale);
    const __m512 mi = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(k, m + i), b1, _mm512_mul_ps(g, c1));
    const __m512 vi = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(k, v + i), b2,
                                      _mm512_mul_ps(_mm512_mul_ps(g, g), c2));
    const __m512 denominator = _mm512_fmadd_ps(_mm512_sqrt_ps(vi), root, epsilon);
    const __m512 w = _mm512_mul_ps(_mm512_maskz_loadu_ps(k, weights + i), decay);
    _mm512_mask_storeu_ps(weights + i, k,
                          _mm512_fnmadd_ps(rate, _mm512_div_ps(mi, denominator), w));
    _mm512_mask_storeu_ps(m + i, k, mi);
    _mm512_mask_storeu_ps(v + i, k, vi);
    _mm512_mask_storeu_ps(gradients + i, k, _mm512_setzero_ps());
  }
}

}  // namespace parley::train::bf16
