// 16 float and 16 int32 lanes in one AVX-512 register each.
// REQUIRES: included inside an anonymous namespace of parley::nn.

struct I {
  __m512i v;
  static I set(std::int32_t x) { return {_mm512_set1_epi32(x)}; }
  friend I operator+(I a, I b) { return {_mm512_add_epi32(a.v, b.v)}; }
  I shift_left7() const { return {_mm512_slli_epi32(v, 7)}; }
  I shift_right7() const { return {_mm512_srai_epi32(v, 7)}; }
  I low7() const { return {_mm512_and_si512(v, _mm512_set1_epi32(127))}; }
  void store_bytes(std::int8_t* p) const {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(v));
  }
  std::int32_t reduce() const { return _mm512_reduce_add_epi32(v); }
  inline struct V to_float() const;
};

struct V {
  __m512 v;
  static V zero() { return {_mm512_setzero_ps()}; }
  static V set(float x) { return {_mm512_set1_ps(x)}; }
  static V load(const float* p) { return {_mm512_loadu_ps(p)}; }
  static V load_part(const float* p, int n) { return {_mm512_maskz_loadu_ps(mask(n), p)}; }
  static V load_bf16(const std::uint16_t* p) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16))};
  }
  void store(float* p) const { _mm512_storeu_ps(p, v); }
  void store_part(float* p, int n) const { _mm512_mask_storeu_ps(p, mask(n), v); }
  static __mmask16 mask(int n) { return static_cast<__mmask16>((1u << n) - 1u); }
  friend V operator+(V a, V b) { return {_mm512_add_ps(a.v, b.v)}; }
  friend V operator-(V a, V b) { return {_mm512_sub_ps(a.v, b.v)}; }
  friend V operator*(V a, V b) { return {_mm512_mul_ps(a.v, b.v)}; }
  friend V operator/(V a, V b) { return {_mm512_div_ps(a.v, b.v)}; }
  V abs() const { return {_mm512_abs_ps(v)}; }
  static V min(V a, V b) { return {_mm512_min_ps(a.v, b.v)}; }
  static V max(V a, V b) { return {_mm512_max_ps(a.v, b.v)}; }
  I rint() const {  // exact_rint, then to integers
    const __m512 magic = _mm512_set1_ps(12582912.0f);
    return {_mm512_cvttps_epi32(_mm512_sub_ps(_mm512_add_ps(v, magic), magic))};
  }
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

inline V I::to_float() const {
  return {_mm512_cvtepi32_ps(v)};
}
