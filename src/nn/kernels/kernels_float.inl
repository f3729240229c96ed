// The float kernels, written once over a 16-lane vector `V` (vector_*.inl). Every lane does what
// kernels_scalar.cpp does for one element, in the same order.
// REQUIRES: included inside an anonymous namespace of parley::nn.

constexpr float kUnseen = -3.4e38f;  // a score that exp() makes zero

inline V exp_lanes(V x) {
  const V n0 = V::min(x, V::set(kExpHigh));
  const V magic = V::set(12582912.0f);
  const V n = (n0 * V::set(1.44269504088896341f) + magic) - magic;
  V r = n0 - n * V::set(0.693359375f);
  r = r - n * V::set(-2.12194440e-4f);
  V p = V::set(1.9875691500e-4f);
  p = p * r + V::set(1.3981999507e-3f);
  p = p * r + V::set(8.3334519073e-3f);
  p = p * r + V::set(4.1665795894e-2f);
  p = p * r + V::set(1.6666665459e-1f);
  p = p * r + V::set(5.0000001201e-1f);
  p = p * (r * r) + r;
  p = p + V::set(1.0f);
  return V::zero_where_less(x, V::set(kExpLow), V::scale_by_power(p, n));
}

void rms_norm(const float* x, const float* weight, int n, float epsilon, float* y) {
  V sum = V::zero();
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V v = V::load(x + i);
    sum = sum + v * v;
  }
  if (i < n) {
    const V v = V::load_part(x + i, n - i);
    sum = sum + v * v;
  }
  const float mean = sum.reduce() / static_cast<float>(n);
  const V r = V::set(1.0f / exact_sqrt(mean + epsilon));
  for (i = 0; i + kLanes <= n; i += kLanes)
    ((V::load(x + i) * r) * V::load(weight + i)).store(y + i);
  if (i < n)
    ((V::load_part(x + i, n - i) * r) * V::load_part(weight + i, n - i)).store_part(y + i, n - i);
}

void layer_norm(const float* x, const float* weight, const float* bias, int n, float epsilon,
                float* y) {
  const int whole = n / kLanes * kLanes;
  V sum = V::zero();
  for (int i = 0; i < whole; i += kLanes) sum = sum + V::load(x + i);
  if (whole < n) sum = sum + V::load_part(x + whole, n - whole);
  const float mean = sum.reduce() / static_cast<float>(n);
  const V m = V::set(mean);
  V squares = V::zero();
  for (int i = 0; i < whole; i += kLanes) {
    const V c = V::load(x + i) - m;
    squares = squares + c * c;
  }
  if (whole < n) {
    float rest[kLanes] = {};  // lanes past the end add zero
    (V::load_part(x + whole, n - whole) - m).store_part(rest, n - whole);
    const V c = V::load(rest);
    squares = squares + c * c;
  }
  const V r = V::set(1.0f / exact_sqrt(squares.reduce() / static_cast<float>(n) + epsilon));
  for (int i = 0; i < whole; i += kLanes) {
    (((V::load(x + i) - m) * r) * V::load(weight + i) + V::load(bias + i)).store(y + i);
  }
  if (whole < n) {
    const int left = n - whole;
    const V c = (V::load_part(x + whole, left) - m) * r;
    (c * V::load_part(weight + whole, left) + V::load_part(bias + whole, left))
        .store_part(y + whole, left);
  }
}

inline V tanh_lanes(V x) {
  const V one = V::set(1.0f);
  return one - V::set(2.0f) / (exp_lanes(x + x) + one);
}

template <Activation kAct>
inline V activate_lanes(V x) {
  const V one = V::set(1.0f);
  if constexpr (kAct == Activation::kSilu) return x / (one + exp_lanes(V::zero() - x));
  const V cube = (x * x) * x;
  const V inner = (x + V::set(0.044715f) * cube) * V::set(0.7978845608f);
  return (x * V::set(0.5f)) * (one + tanh_lanes(inner));
}

template <Activation kAct>
void activate_all(const float* gate, const float* up, int n, float* y) {
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V a = activate_lanes<kAct>(V::load(gate + i));
    (up ? a * V::load(up + i) : a).store(y + i);
  }
  if (i < n) {
    const V a = activate_lanes<kAct>(V::load_part(gate + i, n - i));
    (up ? a * V::load_part(up + i, n - i) : a).store_part(y + i, n - i);
  }
}

void activate(Activation act, const float* gate, const float* up, int n, float* y) {
  if (act == Activation::kSilu) {
    activate_all<Activation::kSilu>(gate, up, n, y);
  } else {
    activate_all<Activation::kGeluTanh>(gate, up, n, y);
  }
}

void scale_all(float* x, float factor, int n) {
  const V f = V::set(factor);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) (V::load(x + i) * f).store(x + i);
  if (i < n) (V::load_part(x + i, n - i) * f).store_part(x + i, n - i);
}

void divide(float* x, float by, int n) {
  const V d = V::set(by);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) (V::load(x + i) / d).store(x + i);
  if (i < n) (V::load_part(x + i, n - i) / d).store_part(x + i, n - i);
}

void softcap(float* x, float cap, int n) {
  const V c = V::set(cap);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) (c * tanh_lanes(V::load(x + i) / c)).store(x + i);
  if (i < n) (c * tanh_lanes(V::load_part(x + i, n - i) / c)).store_part(x + i, n - i);
}

void rotate(float* x, const float* cosine, const float* sine, int half) {
  for (int i = 0; i < half; i += kLanes) {
    const int n = half - i < kLanes ? half - i : kLanes;
    const V a = V::load_part(x + i, n), b = V::load_part(x + half + i, n);
    const V c = V::load_part(cosine + i, n), s = V::load_part(sine + i, n);
    (a * c - b * s).store_part(x + i, n);
    (b * c + a * s).store_part(x + half + i, n);
  }
}

void add(float* x, const float* y, int n) {
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) (V::load(x + i) + V::load(y + i)).store(x + i);
  if (i < n) (V::load_part(x + i, n - i) + V::load_part(y + i, n - i)).store_part(x + i, n - i);
}

float exp_sum(const float* x, float max, int n, float* e) {
  const V m = V::set(max);
  V sum = V::zero();
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    const V v = exp_lanes(V::load(x + i) - m);
    v.store(e + i);
    sum = sum + v;
  }
  if (i < n) {
    exp_lanes(V::load_part(x + i, n - i) - m).store_part(e + i, n - i);
    sum = sum + V::load_part(e + i, n - i);  // lanes past the end add zero
  }
  return sum.reduce();
}

// Scores of kHeads query heads against one run of 16 positions. Independent chains (heads × runs)
// hide the add latency.
template <int kHeads, int kRuns>
inline void score_runs(const float* q, int head_dim, const float* k, float* scores, int stride) {
  V acc[kHeads][kRuns];
  for (int h = 0; h < kHeads; ++h) {
    for (int r = 0; r < kRuns; ++r) acc[h][r] = V::zero();
  }
  for (int d = 0; d < head_dim; ++d) {
    V key[kRuns];
    for (int r = 0; r < kRuns; ++r)
      key[r] = V::load(k + (static_cast<std::size_t>(r) * head_dim + d) * kLanes);
    for (int h = 0; h < kHeads; ++h) {
      const V query = V::set(q[static_cast<std::size_t>(h) * head_dim + d]);
      for (int r = 0; r < kRuns; ++r) acc[h][r] = acc[h][r] + query * key[r];
    }
  }
  for (int h = 0; h < kHeads; ++h) {
    for (int r = 0; r < kRuns; ++r)
      acc[h][r].store(scores + static_cast<std::size_t>(h) * stride + r * kLanes);
  }
}

template <int kHeads>
inline void attend_f32(const AttentionF32Args& a, int first_head) {
  const int stride = (a.length + kKvBlock - 1) / kKvBlock * kKvBlock;
  const float* q = a.q + static_cast<std::size_t>(first_head) * a.head_dim;
  float* scores = a.scores + static_cast<std::size_t>(first_head) * stride;
  constexpr int kRuns = kKvBlock / kLanes;
  for (int block = a.start / kKvBlock; block * kKvBlock < a.length; ++block) {
    const float* k = a.k_blocks[block];
    float* s = scores + static_cast<std::size_t>(block) * kKvBlock;
    const int left = a.length - block * kKvBlock;
    if (left > kLanes * (kRuns - 1)) {
      score_runs<kHeads, kRuns>(q, a.head_dim, k, s, stride);
    } else {
      for (int r = 0; r * kLanes < left; ++r) {
        score_runs<kHeads, 1>(q, a.head_dim, k + static_cast<std::size_t>(r) * kLanes * a.head_dim,
                              s + r * kLanes, stride);
      }
    }
  }
  float inverse[kHeads];
  const int base = a.start / kLanes * kLanes;  // lanes keep to absolute positions
  for (int h = 0; h < kHeads; ++h) {
    float* s = scores + static_cast<std::size_t>(h) * stride;
    if (a.softcap > 0.0f) softcap(s + base, a.softcap, a.length - base);
    for (int p = base; p < a.start; ++p) s[p] = kUnseen;
    V most = V::set(kUnseen);
    int p = base;
    for (; p + kLanes <= a.length; p += kLanes) most = V::max(most, V::load(s + p));
    float max = most.reduce_max();
    for (; p < a.length; ++p) max = s[p] > max ? s[p] : max;
    inverse[h] = 1.0f / exp_sum(s + base, max, a.length - base, s + base);
  }
  for (int d = 0; d < a.head_dim; d += kLanes) {
    const int width = a.head_dim - d < kLanes ? a.head_dim - d : kLanes;
    V acc[kHeads];
    for (int h = 0; h < kHeads; ++h) acc[h] = V::zero();
    for (int p = a.start; p < a.length; ++p) {
      const float* v =
          a.v_blocks[p / kKvBlock] + static_cast<std::size_t>(p % kKvBlock) * a.head_dim + d;
      const V value = width == kLanes ? V::load(v) : V::load_part(v, width);
      for (int h = 0; h < kHeads; ++h) {
        acc[h] = acc[h] + V::set(scores[static_cast<std::size_t>(h) * stride + p]) * value;
      }
    }
    for (int h = 0; h < kHeads; ++h) {
      float* out = a.out + static_cast<std::size_t>(first_head + h) * a.head_dim + d;
      const V result = acc[h] * V::set(inverse[h]);
      if (width == kLanes) {
        result.store(out);
      } else {
        result.store_part(out, width);
      }
    }
  }
}

void attention_f32(const AttentionF32Args& a) {
  int h = 0;
  for (; h + 4 <= a.heads; h += 4) attend_f32<4>(a, h);
  for (; h + 2 <= a.heads; h += 2) attend_f32<2>(a, h);
  for (; h < a.heads; ++h) attend_f32<1>(a, h);
}

int argmax(const float* x, int n) {
  V most = V::set(kUnseen);
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) most = V::max(most, V::load(x + i));
  float max = most.reduce_max();
  for (; i < n; ++i) max = x[i] > max ? x[i] : max;
  for (i = 0; i < n; ++i) {
    if (x[i] == max) return i;
  }
  return 0;
}

void linear_f32(const LinearF32Args& a) {
  for (int n = a.n_begin; n < a.n_end; n += kTile) {
    const float* w = a.w + static_cast<std::size_t>(n) * a.k;
    for (int row = 0; row < a.rows; ++row) {
      const float* x = a.x + static_cast<std::size_t>(row) * a.x_stride;
      V low = V::zero(), high = V::zero();
      for (int k = 0; k < a.k; ++k) {
        const V v = V::set(x[k]);
        low = low + v * V::load(w + static_cast<std::size_t>(k) * kTile);
        high = high + v * V::load(w + static_cast<std::size_t>(k) * kTile + kLanes);
      }
      low.store(a.y + static_cast<std::size_t>(row) * a.y_stride + n);
      high.store(a.y + static_cast<std::size_t>(row) * a.y_stride + n + kLanes);
    }
  }
}
