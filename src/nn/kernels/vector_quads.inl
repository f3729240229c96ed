// 16 float and 16 int32 lanes in four registers of 128 bits, by the compiler's own vector types:
// for instruction sets whose four-lane operations are plain IEEE (NEON, WebAssembly).
// REQUIRES: included inside an anonymous namespace of parley::nn, after F4 and I4 (vectors of four
// floats and of four int32) and I4 truncated(F4), defined for every value.

constexpr int kQuads = 4;

struct I {
  I4 q[kQuads];
  static I set(std::int32_t x) {
    const I4 all = {x, x, x, x};
    return {{all, all, all, all}};
  }
  template <typename Function>
  I each(const Function& f) const {
    return {{f(q[0]), f(q[1]), f(q[2]), f(q[3])}};
  }
  friend I operator+(const I& a, const I& b) {
    return {{a.q[0] + b.q[0], a.q[1] + b.q[1], a.q[2] + b.q[2], a.q[3] + b.q[3]}};
  }
  I shift_left7() const {
    return each([](I4 x) { return x << 7; });
  }
  I shift_right7() const {
    return each([](I4 x) { return x >> 7; });
  }
  I low7() const {
    return each([](I4 x) { return x & 127; });
  }
  void store_bytes(std::int8_t* p) const {  // REQUIRES: every lane fits a byte
    for (int i = 0; i < kQuads; ++i) {
      const B4 bytes = __builtin_convertvector(q[i], B4);
      std::memcpy(p + 4 * i, &bytes, sizeof bytes);
    }
  }
  std::int32_t reduce() const {
    const I4 sum = (q[0] + q[1]) + (q[2] + q[3]);
    return (sum[0] + sum[1]) + (sum[2] + sum[3]);
  }
  inline struct V to_float() const;
};

struct V {
  F4 q[kQuads];
  static V zero() { return set(0.0f); }
  static V set(float x) {
    const F4 all = {x, x, x, x};
    return {{all, all, all, all}};
  }
  static V load(const float* p) {
    V out;
    std::memcpy(&out, p, sizeof out);
    return out;
  }
  static V load_part(const float* p, int n) {
    float all[kLanes] = {};
    for (int i = 0; i < n; ++i) all[i] = p[i];
    return load(all);
  }
  static V load_bf16(const std::uint16_t* p) {
    V out;
    for (int i = 0; i < kQuads; ++i) {
      H4 bits;
      std::memcpy(&bits, p + 4 * i, sizeof bits);
      const U4 wide = __builtin_convertvector(bits, U4) << 16;
      std::memcpy(&out.q[i], &wide, sizeof wide);
    }
    return out;
  }
  void store(float* p) const { std::memcpy(p, this, sizeof *this); }
  void store_part(float* p, int n) const {
    float all[kLanes];
    store(all);
    for (int i = 0; i < n; ++i) p[i] = all[i];
  }
  template <typename Function>
  static V both(const V& a, const V& b, const Function& f) {
    return {{f(a.q[0], b.q[0]), f(a.q[1], b.q[1]), f(a.q[2], b.q[2]), f(a.q[3], b.q[3])}};
  }
  friend V operator+(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x + y; });
  }
  friend V operator-(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x - y; });
  }
  friend V operator*(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x * y; });
  }
  friend V operator/(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x / y; });
  }
  V abs() const {
    return both(*this, *this,
                [](F4 x, F4) { return std::bit_cast<F4>(std::bit_cast<I4>(x) & 0x7FFFFFFF); });
  }
  // As x86 has it: the second operand where they are equal or one is not a number.
  static V min(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x < y ? x : y; });
  }
  static V max(const V& a, const V& b) {
    return both(a, b, [](F4 x, F4 y) { return x > y ? x : y; });
  }
  I rint() const {
    const auto quad = [](F4 x) { return truncated((x + 12582912.0f) - 12582912.0f); };
    return {{quad(q[0]), quad(q[1]), quad(q[2]), quad(q[3])}};
  }
  static V scale_by_power(const V& p, const V& n) {
    return both(p, n, [](F4 x, F4 power) {
      return std::bit_cast<F4>(std::bit_cast<I4>(x) + (truncated(power) << 23));
    });
  }
  static V zero_where_less(const V& x, const V& limit, const V& value) {
    V out;
    for (int i = 0; i < kQuads; ++i) {
      const I4 keep = ~(x.q[i] < limit.q[i]);
      out.q[i] = std::bit_cast<F4>(std::bit_cast<I4>(value.q[i]) & keep);
    }
    return out;
  }
  float reduce() const {  // the tree of reduce_lanes()
    const F4 four = (q[0] + q[2]) + (q[1] + q[3]);
    return (four[0] + four[2]) + (four[1] + four[3]);
  }
  float reduce_max() const {
    const auto larger = [](F4 x, F4 y) { return x > y ? x : y; };
    const F4 four = larger(larger(q[0], q[2]), larger(q[1], q[3]));
    const float a = four[0] > four[2] ? four[0] : four[2];
    const float b = four[1] > four[3] ? four[1] : four[3];
    return a > b ? a : b;
  }
};

inline V I::to_float() const {
  V out;
  for (int i = 0; i < kQuads; ++i) out.q[i] = __builtin_convertvector(q[i], F4);
  return out;
}
