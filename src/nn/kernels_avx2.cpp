// AVX2. vpmaddubsw multiplies unsigned by signed bytes and adds pairs in 16 bits; |x| and w·sign(x)
// stay within ±127, so a pair is at most 2·127·127 = 32,258 and never saturates: the sums are
// exact.
#include <immintrin.h>

#include "nn/kernels.hpp"

namespace parley::nn {
namespace {

struct V {
  __m256 low, high;
  static V zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static V set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static V load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static V load_part(const float* p, int n) {
    return {_mm256_maskload_ps(p, mask(n)),
            n > 8 ? _mm256_maskload_ps(p + 8, mask(n - 8)) : _mm256_setzero_ps()};
  }
  void store(float* p) const {
    _mm256_storeu_ps(p, low);
    _mm256_storeu_ps(p + 8, high);
  }
  void store_part(float* p, int n) const {
    _mm256_maskstore_ps(p, mask(n), low);
    if (n > 8) _mm256_maskstore_ps(p + 8, mask(n - 8), high);
  }
  static __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  friend V operator+(V a, V b) {
    return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)};
  }
  friend V operator-(V a, V b) {
    return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)};
  }
  friend V operator*(V a, V b) {
    return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)};
  }
  friend V operator/(V a, V b) {
    return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)};
  }
  static V min(V a, V b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
  static V max(V a, V b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
  static __m256 scale_half(__m256 p, __m256 n) {
    return _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_castps_si256(p), _mm256_slli_epi32(_mm256_cvttps_epi32(n), 23)));
  }
  static V scale_by_power(V p, V n) {
    return {scale_half(p.low, n.low), scale_half(p.high, n.high)};
  }
  static V zero_where_less(V x, V limit, V value) {
    return {_mm256_and_ps(_mm256_cmp_ps(x.low, limit.low, _CMP_NLT_UQ), value.low),
            _mm256_and_ps(_mm256_cmp_ps(x.high, limit.high, _CMP_NLT_UQ), value.high)};
  }
  float reduce() const {
    const __m256 a = _mm256_add_ps(low, high);
    __m128 b = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_add_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_add_ss(b, _mm_shuffle_ps(b, b, 1)));
  }
  float reduce_max() const {
    const __m256 a = _mm256_max_ps(low, high);
    __m128 b = _mm_max_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    b = _mm_max_ps(b, _mm_movehl_ps(b, b));
    return _mm_cvtss_f32(_mm_max_ss(b, _mm_shuffle_ps(b, b, 1)));
  }
};

#include "nn/kernels_float.inl"

void quantize(const float* x, int k, std::int8_t* q, float* scale, std::int32_t* sum) {
  for (int start = 0, g = 0; start < k; start += kGroup, ++g) {
    const int count = k - start < kGroup ? k - start : kGroup;
    float part[kGroup];
    for (int i = 0; i < kGroup; ++i) part[i] = i < count ? x[start + i] : 0.0f;
    const __m256 sign = _mm256_set1_ps(-0.0f);
    V amax = V::zero();
    for (int i = 0; i < kGroup; i += kLanes) {
      const V v = V::load(part + i);
      amax = V::max(amax, {_mm256_andnot_ps(sign, v.low), _mm256_andnot_ps(sign, v.high)});
    }
    const float most = amax.reduce_max();
    const bool zero = most < 1e-30f;
    const V inverse = V::set(zero ? 0.0f : 127.0f / most);
    scale[g] = zero ? 0.0f : most / 127.0f;
    const V magic = V::set(12582912.0f);
    std::int32_t total = 0;
    alignas(32) std::int32_t value[kLanes];
    for (int i = 0; i < kGroup; i += kLanes) {
      const V rounded = (V::load(part + i) * inverse + magic) - magic;
      _mm256_store_si256(reinterpret_cast<__m256i*>(value), _mm256_cvttps_epi32(rounded.low));
      _mm256_store_si256(reinterpret_cast<__m256i*>(value + 8), _mm256_cvttps_epi32(rounded.high));
      for (int j = 0; j < kLanes; ++j) {
        q[start + i + j] = static_cast<std::int8_t>(value[j]);
        total += value[j];
      }
    }
    sum[g] = total;
  }
}

// kRows rows × 16 outputs (half a tile): 2·kRows accumulators plus temporaries fit the 16 registers
// up to 4 rows.
template <int kRows>
inline void half_tile(const LinearArgs& a, int row, int n, int half) {
  const int groups = a.k / kGroup;
  const std::uint8_t* w = a.w + static_cast<std::size_t>(n) * a.k + half * 64;
  const float* w_scale = a.w_scale + static_cast<std::size_t>(n) * groups + half * kLanes;
  const std::int8_t* x = a.x + static_cast<std::size_t>(row) * a.k;
  const __m256i flip = _mm256_set1_epi8(-128);
  const __m256i ones = _mm256_set1_epi16(1);
  V y[kRows];
  for (int r = 0; r < kRows; ++r) y[r] = V::zero();
  for (int g = 0; g < groups; ++g) {
    __m256i dot[kRows][2];
    for (int r = 0; r < kRows; ++r) dot[r][0] = dot[r][1] = _mm256_setzero_si256();
    for (int k = 0; k < kGroup / 4; ++k) {
      const __m256i w0 =
          _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)), flip);
      const __m256i w1 =
          _mm256_xor_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32)), flip);
      w += kTile * 4;
      for (int r = 0; r < kRows; ++r) {
        std::int32_t four;
        __builtin_memcpy(&four, x + static_cast<std::size_t>(r) * a.k + g * kGroup + k * 4, 4);
        const __m256i v = _mm256_set1_epi32(four);
        const __m256i magnitude = _mm256_abs_epi8(v);
        const __m256i p0 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(w0, v));
        const __m256i p1 = _mm256_maddubs_epi16(magnitude, _mm256_sign_epi8(w1, v));
        dot[r][0] = _mm256_add_epi32(dot[r][0], _mm256_madd_epi16(p0, ones));
        dot[r][1] = _mm256_add_epi32(dot[r][1], _mm256_madd_epi16(p1, ones));
      }
    }
    const V s = V::load(w_scale);
    w_scale += kTile;
    for (int r = 0; r < kRows; ++r) {
      const V scale = s * V::set(a.x_scale[static_cast<std::size_t>(row + r) * groups + g]);
      y[r] = y[r] + V{_mm256_cvtepi32_ps(dot[r][0]), _mm256_cvtepi32_ps(dot[r][1])} * scale;
    }
  }
  for (int r = 0; r < kRows; ++r) {
    y[r].store(a.y + static_cast<std::size_t>(row + r) * a.y_stride + n + half * kLanes);
  }
}

void linear(const LinearArgs& a) {
  for (int n = a.n_begin; n < a.n_end; n += kTile) {
    for (int half = 0; half < 2; ++half) {
      int row = 0;
      for (; row + 4 <= a.rows; row += 4) half_tile<4>(a, row, n, half);
      for (; row + 2 <= a.rows; row += 2) half_tile<2>(a, row, n, half);
      for (; row < a.rows; ++row) half_tile<1>(a, row, n, half);
    }
  }
}

}  // namespace

const Kernels& avx2_kernels() {
  static const Kernels table = {"avx2",    quantize, linear, linear_f32, rms_norm,
                                attention, silu_mul, add,    exp_sum};
  return table;
}

}  // namespace parley::nn
