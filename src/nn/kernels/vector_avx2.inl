// 16 float and 16 int32 lanes in two AVX2 registers each.
// REQUIRES: included inside an anonymous namespace of parley::nn.

struct I {
  __m256i low, high;
  static I set(std::int32_t x) { return {_mm256_set1_epi32(x), _mm256_set1_epi32(x)}; }
  friend I operator+(I a, I b) {
    return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
  }
  I shift_left7() const { return {_mm256_slli_epi32(low, 7), _mm256_slli_epi32(high, 7)}; }
  I shift_right7() const { return {_mm256_srai_epi32(low, 7), _mm256_srai_epi32(high, 7)}; }
  I low7() const {
    const __m256i mask = _mm256_set1_epi32(127);
    return {_mm256_and_si256(low, mask), _mm256_and_si256(high, mask)};
  }
  void store_bytes(std::int8_t* p) const {  // REQUIRES: every lane fits a byte
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xD8);
    const __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(words, words), 0xD8);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_castsi256_si128(bytes));
  }
  std::int32_t reduce() const {
    const __m256i a = _mm256_add_epi32(low, high);
    __m128i b = _mm_add_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    b = _mm_add_epi32(b, _mm_shuffle_epi32(b, 0x4E));
    return _mm_cvtsi128_si32(_mm_add_epi32(b, _mm_shuffle_epi32(b, 0xB1)));
  }
  inline struct V to_float() const;
};

struct V {
  __m256 low, high;
  static V zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
  static V set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
  static V load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
  static V load_part(const float* p, int n) {
    return {_mm256_maskload_ps(p, mask(n)),
            n > 8 ? _mm256_maskload_ps(p + 8, mask(n - 8)) : _mm256_setzero_ps()};
  }
  static V load_bf16(const std::uint16_t* p) {
    const auto half = [](const std::uint16_t* from) {
      const __m128i bits = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
      return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(bits), 16));
    };
    return {half(p), half(p + 8)};
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
  V abs() const {
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return {_mm256_andnot_ps(sign, low), _mm256_andnot_ps(sign, high)};
  }
  static V min(V a, V b) { return {_mm256_min_ps(a.low, b.low), _mm256_min_ps(a.high, b.high)}; }
  static V max(V a, V b) { return {_mm256_max_ps(a.low, b.low), _mm256_max_ps(a.high, b.high)}; }
  I rint() const {
    const auto half = [](__m256 x) {
      const __m256 magic = _mm256_set1_ps(12582912.0f);
      return _mm256_cvttps_epi32(_mm256_sub_ps(_mm256_add_ps(x, magic), magic));
    };
    return {half(low), half(high)};
  }
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

inline V I::to_float() const {
  return {_mm256_cvtepi32_ps(low), _mm256_cvtepi32_ps(high)};
}
