// AVX-512 with VNNI. vpdpbusd multiplies unsigned by signed bytes: weights are stored as w + 128,
// and 128 × Σx, known per row and group, is taken off the accumulator before it starts.
#include <immintrin.h>

#include "nn/kernels.hpp"

namespace parley::nn {
namespace {

struct V {
  __m512 v;
  static V zero() { return {_mm512_setzero_ps()}; }
  static V set(float x) { return {_mm512_set1_ps(x)}; }
  static V load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static V load_part(const float* p, int n) { return {_mm512_maskz_loadu_ps(mask(n), p)}; }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_part(float* p, int n) const { _mm512_mask_storeu_ps(p, mask(n), v); }
  static __mmask16 mask(int n) { return static_cast<__mmask16>((1u << n) - 1u); }
  friend V operator+(V a, V b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend V operator-(V a, V b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend V operator*(V a, V b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend V operator/(V a, V b) { return {_mm512_div_ps(a.v, b.v)}; }
  static V min(V a, V b) { return {_mm512_min_ps(a.v, b.v)}; }
  static V max(V a, V b) { return {_mm512_max_ps(a.v, b.v)}; }
  static V scale_by_power(V p, V n) {
    return {_mm512_castsi512_ps(_mm512_add_epi32(_mm512_castps_si512(p.v),
                                                 _mm512_slli_epi32(_mm512_cvttps_epi32(n.v), 23)))};
  }
  static V zero_where_less(V x, V limit, V value) {
    return {_mm512_maskz_mov_ps(_mm512_cmp_ps_mask(x.v, limit.v, _CMP_NLT_UQ), value.v)};
  }
  float reduce() const {  // 16 → 8 → 4 → 2 → 1, the upper half added to the lower
    const __m256 a = _mm256_add_ps(_mm512_castps512_ps256(v), _mm512_extractf32x8_ps(v, 1));
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
  }
  float reduce_max() const { return _mm512_reduce_max_ps(v); }
};

#include "nn/kernels_float.inl"

void quantize(const float* x, int k, std::int8_t* q, float* scale, std::int32_t* sum) {
  for (int start = 0, g = 0; start < k; start += kGroup, ++g) {
    const int count = k - start < kGroup ? k - start : kGroup;
    __m512 part[kGroup / kLanes];
    __m512 amax = _mm512_setzero_ps();
    for (int i = 0; i < kGroup / kLanes; ++i) {
      const int left = count - i * kLanes;
      part[i] = left >= kLanes ? _mm512_loadu_ps(x + start + i * kLanes)
                : left > 0     ? _mm512_maskz_loadu_ps(V::mask(left), x + start + i * kLanes)
                               : _mm512_setzero_ps();
      amax = _mm512_max_ps(amax, _mm512_abs_ps(part[i]));
    }
    const float most = _mm512_reduce_max_ps(amax);
    const bool zero = most < 1e-30f;
    const __m512 inverse = _mm512_set1_ps(zero ? 0.0f : 127.0f / most);
    scale[g] = zero ? 0.0f : most / 127.0f;
    const __m512 magic = _mm512_set1_ps(12582912.0f);
    __m512i total = _mm512_setzero_si512();
    for (int i = 0; i < kGroup / kLanes; ++i) {
      const __m512 rounded =
          _mm512_sub_ps(_mm512_add_ps(_mm512_mul_ps(part[i], inverse), magic), magic);
      const __m512i value = _mm512_cvttps_epi32(rounded);
      total = _mm512_add_epi32(total, value);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(q + start + i * kLanes),
                       _mm512_cvtepi32_epi8(value));
    }
    sum[g] = _mm512_reduce_add_epi32(total);
  }
}

// kRows rows × 32 outputs: 2·kRows accumulators, 2 weight registers and a broadcast fit the 32
// registers up to 12 rows; a weight load serves all rows, an activation broadcast both halves of
// the tile.
template <int kRows>
inline void tile(const LinearArgs& a, int row, int n) {
  const int groups = a.k / kGroup;
  const std::uint8_t* w = a.w + static_cast<std::size_t>(n) * a.k;
  const float* w_scale = a.w_scale + static_cast<std::size_t>(n) * groups;
  const std::int8_t* x = a.x + static_cast<std::size_t>(row) * a.k;
  const float* x_scale = a.x_scale + static_cast<std::size_t>(row) * groups;
  const std::int32_t* x_sum = a.x_sum + static_cast<std::size_t>(row) * groups;
  __m512 y[kRows][2];
  for (int r = 0; r < kRows; ++r) y[r][0] = y[r][1] = _mm512_setzero_ps();
  for (int g = 0; g < groups; ++g) {
    __m512i dot[kRows][2];
    for (int r = 0; r < kRows; ++r) {
      dot[r][0] = dot[r][1] =
          _mm512_set1_epi32(-128 * x_sum[static_cast<std::size_t>(r) * groups + g]);
    }
#pragma clang loop unroll_count(4)
    for (int k = 0; k < kGroup / 4; ++k) {
      const __m512i w0 = _mm512_loadu_si512(w);
      const __m512i w1 = _mm512_loadu_si512(w + 64);
      w += 128;
      for (int r = 0; r < kRows; ++r) {
        std::int32_t four;
        __builtin_memcpy(&four, x + static_cast<std::size_t>(r) * a.k + g * kGroup + k * 4, 4);
        const __m512i v = _mm512_set1_epi32(four);
        dot[r][0] = _mm512_dpbusd_epi32(dot[r][0], w0, v);
        dot[r][1] = _mm512_dpbusd_epi32(dot[r][1], w1, v);
      }
    }
    const __m512 s0 = _mm512_loadu_ps(w_scale), s1 = _mm512_loadu_ps(w_scale + kLanes);
    w_scale += kTile;
    for (int r = 0; r < kRows; ++r) {
      const __m512 xs = _mm512_set1_ps(x_scale[static_cast<std::size_t>(r) * groups + g]);
      y[r][0] = _mm512_add_ps(y[r][0],
                              _mm512_mul_ps(_mm512_cvtepi32_ps(dot[r][0]), _mm512_mul_ps(s0, xs)));
      y[r][1] = _mm512_add_ps(y[r][1],
                              _mm512_mul_ps(_mm512_cvtepi32_ps(dot[r][1]), _mm512_mul_ps(s1, xs)));
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* out = a.y + static_cast<std::size_t>(row + r) * a.y_stride + n;
    _mm512_storeu_ps(out, y[r][0]);
    _mm512_storeu_ps(out + kLanes, y[r][1]);
  }
}

void linear(const LinearArgs& a) {
  for (int n = a.n_begin; n < a.n_end; n += kTile) {
    int row = 0;
    for (; row + 12 <= a.rows; row += 12) tile<12>(a, row, n);
    for (; row + 8 <= a.rows; row += 8) tile<8>(a, row, n);
    for (; row + 4 <= a.rows; row += 4) tile<4>(a, row, n);
    for (; row + 2 <= a.rows; row += 2) tile<2>(a, row, n);
    for (; row < a.rows; ++row) tile<1>(a, row, n);
  }
}

}  // namespace

const Kernels& avx512_kernels() {
  static const Kernels table = {"avx512-vnni", quantize, linear, linear_f32, rms_norm,
                                attention,     silu_mul, add,    exp_sum};
  return table;
}

}  // namespace parley::nn
