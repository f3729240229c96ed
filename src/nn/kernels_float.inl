// The float kernels, written once over a 16-lane vector `V` and included by each instruction set's
// file, which defines V with: zero, set, load, load_part(p, n), store, store_part(p, n), + - * /,
// max, less_than_select, exp, reduce, reduce_max. Every lane does what kernels_scalar.cpp does for
// one element, in the same order. REQUIRES: included inside an anonymous namespace of parley::nn.

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

void silu_mul(const float* gate, const float* up, int n, float* y) {
  const V one = V::set(1.0f);
  const auto run = [&](V g, V u) { return (g / (one + exp_lanes(V::zero() - g))) * u; };
  int i = 0;
  for (; i + kLanes <= n; i += kLanes) run(V::load(gate + i), V::load(up + i)).store(y + i);
  if (i < n)
    run(V::load_part(gate + i, n - i), V::load_part(up + i, n - i)).store_part(y + i, n - i);
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
inline void attend(const AttentionArgs& a, int first_head) {
  const int stride = (a.length + kKvBlock - 1) / kKvBlock * kKvBlock;
  const float* q = a.q + static_cast<std::size_t>(first_head) * a.head_dim;
  float* scores = a.scores + static_cast<std::size_t>(first_head) * stride;
  constexpr int kRuns = kKvBlock / kLanes;
  for (int block = 0; block * kKvBlock < a.length; ++block) {
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
  for (int h = 0; h < kHeads; ++h) {
    float* s = scores + static_cast<std::size_t>(h) * stride;
    V most = V::set(-3.4e38f);
    int p = 0;
    for (; p + kLanes <= a.length; p += kLanes) most = V::max(most, V::load(s + p));
    float max = most.reduce_max();
    for (; p < a.length; ++p) max = s[p] > max ? s[p] : max;
    inverse[h] = 1.0f / exp_sum(s, max, a.length, s);
  }
  for (int d = 0; d < a.head_dim; d += kLanes) {
    const int width = a.head_dim - d < kLanes ? a.head_dim - d : kLanes;
    V acc[kHeads];
    for (int h = 0; h < kHeads; ++h) acc[h] = V::zero();
    for (int p = 0; p < a.length; ++p) {
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

void attention(const AttentionArgs& a) {
  int h = 0;
  for (; h + 4 <= a.heads; h += 4) attend<4>(a, h);
  for (; h + 2 <= a.heads; h += 2) attend<2>(a, h);
  for (; h < a.heads; ++h) attend<1>(a, h);
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
