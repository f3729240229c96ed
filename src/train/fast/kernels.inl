// Included once per instruction set, inside a namespace of its own; the compiler vectorises the
// plain loops. Sums may be reordered here (-fassociative-math in these files only): training is not
// held to the engine's exact arithmetic. REQUIRES: bfloat16.hpp, kernels.hpp, parallel.hpp,
// <cstring>, <vector>, <algorithm>, <cmath>.

inline float to_float(float x) {
  return x;
}
inline float to_float(Bf16 x) {
  return bf16_value(x.bits);
}
inline void put(float& out, float x) {
  out = x;
}
inline void put(Bf16& out, float x) {
  out.bits = nearest_bf16(x);
}

inline float fast_exp(float x) {
  x = x < -87.0f ? -87.0f : (x > 88.0f ? 88.0f : x);
  // Rounding to the nearest integer by conversion: additions of a magic constant would be
  // re-associated away here.
  const float t = x * 1.44269504f;
  const auto n = static_cast<std::int32_t>(t + (t < 0 ? -0.5f : 0.5f));
  const float r =
      (x - static_cast<float>(n) * 0.693359375f) + static_cast<float>(n) * 2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * (r * r) + r + 1.0f;
  return __builtin_bit_cast(float, __builtin_bit_cast(std::int32_t, p) + (n << 23));
}

inline float keep_scale(Dropout drop, std::uint32_t index, std::uint32_t threshold, float scale) {
  std::uint32_t h = index * 0x9E3779B1u ^ drop.key;
  h ^= h >> 15;
  h *= 0x85EBCA77u;
  h ^= h >> 13;
  h *= 0xC2B2AE3Du;
  h ^= h >> 16;
  return h < threshold ? 0.0f : scale;
}
inline std::uint32_t drop_threshold(Dropout drop) {
  return static_cast<std::uint32_t>(drop.rate * 4294967040.0f);
}

template <typename T>
void add_norm(const float* x, const T* delta, const T* weight, Dropout drop, float epsilon,
              int rows, int n, float* x_out, T* y, float* rstd) {
  const std::uint32_t threshold = drop_threshold(drop);
  const float scale = 1.0f / (1.0f - drop.rate);
  parallel_parts(rows, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const float* in = x + row * n;
      float* out = x_out + row * n;
      float sum = 0;
      if (!delta) {
        for (int i = 0; i < n; ++i) {
          out[i] = in[i];
          sum += in[i] * in[i];
        }
      } else if (drop.rate > 0) {
        const T* d = delta + row * n;
        const auto base = static_cast<std::uint32_t>(row * n);
        for (int i = 0; i < n; ++i) {
          const float v =
              in[i] + to_float(d[i]) *
                          keep_scale(drop, base + static_cast<std::uint32_t>(i), threshold, scale);
          out[i] = v;
          sum += v * v;
        }
      } else {
        const T* d = delta + row * n;
        for (int i = 0; i < n; ++i) {
          const float v = in[i] + to_float(d[i]);
          out[i] = v;
          sum += v * v;
        }
      }
      const float r = 1.0f / std::sqrt(sum / static_cast<float>(n) + epsilon);
      rstd[row] = r;
      T* to = y + row * n;
      for (int i = 0; i < n; ++i) put(to[i], out[i] * r * to_float(weight[i]));
    }
  });
}

template <typename T>
void add_norm_backward(const float* x_out, const T* weight, const float* rstd, const T* dy,
                       const float* dx_out, Dropout drop, int rows, int n, float* dx, T* ddelta,
                       float* dweight) {
  const std::uint32_t threshold = drop_threshold(drop);
  const float scale = 1.0f / (1.0f - drop.rate);
  std::vector<float> partial(static_cast<std::size_t>(kernel_threads()) * n, 0.0f);
  float* partials = partial.data();
  parallel_parts(rows, [=](int part, std::int64_t begin, std::int64_t end) {
    float* dw = partials + static_cast<std::size_t>(part) * n;
    for (std::int64_t row = begin; row < end; ++row) {
      const float* x = x_out + row * n;
      const T* g = dy + row * n;
      const float r = rstd[row];
      float dot = 0;
      for (int i = 0; i < n; ++i) {
        const float gi = to_float(g[i]);
        dot += gi * to_float(weight[i]) * x[i];
        dw[i] += gi * x[i] * r;
      }
      const float c = dot * r * r * r / static_cast<float>(n);
      float* out = dx + row * n;
      if (dx_out) {
        const float* more = dx_out + row * n;
        for (int i = 0; i < n; ++i)
          out[i] = more[i] + to_float(g[i]) * to_float(weight[i]) * r - c * x[i];
      } else {
        for (int i = 0; i < n; ++i) out[i] = to_float(g[i]) * to_float(weight[i]) * r - c * x[i];
      }
      if (!ddelta) continue;
      T* d = ddelta + row * n;
      if (drop.rate > 0) {
        const auto base = static_cast<std::uint32_t>(row * n);
        for (int i = 0; i < n; ++i) {
          put(d[i],
              out[i] * keep_scale(drop, base + static_cast<std::uint32_t>(i), threshold, scale));
        }
      } else {
        for (int i = 0; i < n; ++i) put(d[i], out[i]);
      }
    }
  });
  for (int i = 0; i < n; ++i) dweight[i] = 0;
  for (int part = 0; part < kernel_threads(); ++part) {
    for (int i = 0; i < n; ++i) dweight[i] += partials[static_cast<std::size_t>(part) * n + i];
  }
}

// Rotates pairs (i, i + dim/2) of one head; `sign` −1 turns back.
template <typename T>
inline void rotate(const T* in, const float* cosine, const float* sine, float sign, float scale,
                   int dim, T* out) {
  const int half = dim / 2;
  for (int i = 0; i < half; ++i) {
    const float a = to_float(in[i]), b = to_float(in[i + half]);
    put(out[i], (a * cosine[i] - sign * b * sine[i]) * scale);
    put(out[i + half], (b * cosine[i] + sign * a * sine[i]) * scale);
  }
}

template <typename T>
void split_rotate(const T* qkv, const float* cosine, const float* sine, int batch, int time,
                  int heads, int kv_heads, int dim, T* q, T* k, T* v) {
  const int group = heads / kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  parallel_parts(std::int64_t{batch} * time, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / time, t = row % time;
      const float* c = cosine + t * (dim / 2);
      const float* s = sine + t * (dim / 2);
      const T* in = qkv + row * (heads + 2 * kv_heads) * dim;
      for (int h = 0; h < heads; ++h) {
        const std::int64_t kv = h / group, g = h % group;
        rotate(in + h * dim, c, s, 1.0f, scale, dim,
               q + (((b * kv_heads + kv) * group + g) * time + t) * dim);
      }
      for (int h = 0; h < kv_heads; ++h) {
        const std::int64_t at = ((b * kv_heads + h) * time + t) * dim;
        rotate(in + (heads + h) * dim, c, s, 1.0f, 1.0f, dim, k + at);
        std::memcpy(v + at, in + (heads + kv_heads + h) * dim, sizeof(T) * dim);
      }
    }
  });
}

template <typename T>
void split_rotate_backward(const T* dq, const T* dk, const T* dv, const float* cosine,
                           const float* sine, int batch, int time, int heads, int kv_heads, int dim,
                           T* dqkv) {
  const int group = heads / kv_heads;
  const float scale = 1.0f / std::sqrt(static_cast<float>(dim));
  parallel_parts(std::int64_t{batch} * time, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / time, t = row % time;
      const float* c = cosine + t * (dim / 2);
      const float* s = sine + t * (dim / 2);
      T* out = dqkv + row * (heads + 2 * kv_heads) * dim;
      for (int h = 0; h < heads; ++h) {
        const std::int64_t kv = h / group, g = h % group;
        rotate(dq + (((b * kv_heads + kv) * group + g) * time + t) * dim, c, s, -1.0f, scale, dim,
               out + h * dim);
      }
      for (int h = 0; h < kv_heads; ++h) {
        const std::int64_t at = ((b * kv_heads + h) * time + t) * dim;
        rotate(dk + at, c, s, -1.0f, 1.0f, dim, out + (heads + h) * dim);
        std::memcpy(out + (heads + kv_heads + h) * dim, dv + at, sizeof(T) * dim);
      }
    }
  });
}

template <typename T>
void causal_softmax(T* scores, const std::int32_t* first_key, int batch, int kv_heads, int group,
                    int time) {
  const std::int64_t rows_per_batch = std::int64_t{kv_heads} * group * time;
  parallel_parts(batch * rows_per_batch, [=](int, std::int64_t begin, std::int64_t end) {
    std::vector<float> e(static_cast<std::size_t>(time));
    for (std::int64_t row = begin; row < end; ++row) {
      const int t = static_cast<int>(row % time);
      const int first = first_key[row / rows_per_batch * time + t];
      T* s = scores + row * time;
      float max = -3.4e38f;
      for (int i = first; i <= t; ++i) max = std::max(max, to_float(s[i]));
      float sum = 0;
      for (int i = first; i <= t; ++i) {
        e[i] = fast_exp(to_float(s[i]) - max);
        sum += e[i];
      }
      const float inverse = 1.0f / sum;
      std::memset(static_cast<void*>(s), 0, sizeof(T) * first);
      for (int i = first; i <= t; ++i) put(s[i], e[i] * inverse);
      std::memset(static_cast<void*>(s + t + 1), 0, sizeof(T) * (time - t - 1));
    }
  });
}

template <typename T>
void softmax_backward(const T* p, T* dp, const std::int32_t* first_key, int batch, int kv_heads,
                      int group, int time) {
  const std::int64_t rows_per_batch = std::int64_t{kv_heads} * group * time;
  parallel_parts(batch * rows_per_batch, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const int t = static_cast<int>(row % time);
      const int first = first_key[row / rows_per_batch * time + t];
      const T* pr = p + row * time;
      T* d = dp + row * time;
      float dot = 0;
      for (int i = first; i <= t; ++i) dot += to_float(pr[i]) * to_float(d[i]);
      std::memset(static_cast<void*>(d), 0, sizeof(T) * first);
      for (int i = first; i <= t; ++i) put(d[i], to_float(pr[i]) * (to_float(d[i]) - dot));
      std::memset(static_cast<void*>(d + t + 1), 0, sizeof(T) * (time - t - 1));
    }
  });
}

template <typename T>
void merge_heads(const T* in, int batch, int time, int kv_heads, int group, int dim, T* out) {
  parallel_parts(std::int64_t{batch} * time, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / time, t = row % time;
      for (int h = 0; h < kv_heads * group; ++h) {
        std::memcpy(out + (row * kv_heads * group + h) * dim,
                    in + ((b * kv_heads * group + h) * time + t) * dim, sizeof(T) * dim);
      }
    }
  });
}

template <typename T>
void split_heads(const T* in, int batch, int time, int kv_heads, int group, int dim, T* out) {
  parallel_parts(std::int64_t{batch} * time, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t b = row / time, t = row % time;
      for (int h = 0; h < kv_heads * group; ++h) {
        std::memcpy(out + ((b * kv_heads * group + h) * time + t) * dim,
                    in + (row * kv_heads * group + h) * dim, sizeof(T) * dim);
      }
    }
  });
}

template <typename T>
void swiglu(const T* gate_up, int rows, int hidden, T* out) {
  parallel_parts(rows, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* gate = gate_up + row * 2 * hidden;
      const T* up = gate + hidden;
      T* y = out + row * hidden;
      for (int i = 0; i < hidden; ++i) {
        const float g = to_float(gate[i]);
        put(y[i], g / (1.0f + fast_exp(-g)) * to_float(up[i]));
      }
    }
  });
}

template <typename T>
void swiglu_backward(const T* gate_up, const T* dout, int rows, int hidden, T* dgate_up) {
  parallel_parts(rows, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* gate = gate_up + row * 2 * hidden;
      const T* up = gate + hidden;
      const T* d = dout + row * hidden;
      T* dgate = dgate_up + row * 2 * hidden;
      T* dup = dgate + hidden;
      for (int i = 0; i < hidden; ++i) {
        const float g = to_float(gate[i]), s = 1.0f / (1.0f + fast_exp(-g)), di = to_float(d[i]);
        put(dup[i], di * g * s);
        put(dgate[i], di * to_float(up[i]) * s * (1.0f + g * (1.0f - s)));
      }
    }
  });
}

template <typename T>
double cross_entropy(T* logits, const std::int32_t* target, int rows, int vocabulary, float scale,
                     float* loss, std::int32_t* argmax) {
  std::vector<double> partial(static_cast<std::size_t>(kernel_threads()), 0.0);
  double* partials = partial.data();
  parallel_parts(rows, [=](int part, std::int64_t begin, std::int64_t end) {
    std::vector<float> e(static_cast<std::size_t>(vocabulary));
    for (std::int64_t row = begin; row < end; ++row) {
      T* x = logits + row * vocabulary;
      float max = -3.4e38f;
      for (int i = 0; i < vocabulary; ++i) max = std::max(max, to_float(x[i]));
      float sum = 0;
      for (int i = 0; i < vocabulary; ++i) {
        e[i] = fast_exp(to_float(x[i]) - max);
        sum += e[i];
      }
      if (argmax) {
        int best = 0;
        while (to_float(x[best]) != max) ++best;
        argmax[row] = best;
      }
      const float at_target = to_float(x[target[row]]);
      const float nll = std::log(sum) + max - at_target;
      partials[part] += nll;
      if (loss) loss[row] = nll;
      const float inverse = scale / sum;
      for (int i = 0; i < vocabulary; ++i) put(x[i], e[i] * inverse);
      put(x[target[row]], e[target[row]] * inverse - scale);
    }
  });
  double total = 0;
  for (const double each : partial) total += each;
  return total;
}

template <typename T>
void embed(const T* table, const std::int32_t* ids, int rows, int n, float* out) {
  parallel_parts(rows, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const T* from = table + std::int64_t{ids[row]} * n;
      float* to = out + row * n;
      for (int i = 0; i < n; ++i) to[i] = to_float(from[i]);
    }
  });
}

// Each thread owns a range of columns, so that equal ids never meet and the order of additions is
// the rows'.
template <typename T>
void embed_backward(const float* dx, const std::int32_t* ids, int rows, int n, int vocabulary,
                    T* dtable) {
  parallel_parts(n, [=](int, std::int64_t begin, std::int64_t end) {
    const int width = static_cast<int>(end - begin);
    std::vector<float> sums(static_cast<std::size_t>(vocabulary) * width, 0.0f);
    for (std::int64_t row = 0; row < rows; ++row) {
      float* sum = sums.data() + static_cast<std::size_t>(ids[row]) * width;
      const float* from = dx + row * n + begin;
      for (int i = 0; i < width; ++i) sum[i] += from[i];
    }
    for (int id = 0; id < vocabulary; ++id) {
      T* to = dtable + static_cast<std::size_t>(id) * n + begin;
      const float* sum = sums.data() + static_cast<std::size_t>(id) * width;
      for (int i = 0; i < width; ++i) put(to[i], sum[i]);
    }
  });
}

template <typename T>
double square_sum(const T* x, std::size_t n) {
  constexpr std::int64_t kChunk = 1 << 15;
  const auto chunks = static_cast<std::int64_t>((n + kChunk - 1) / kChunk);
  std::vector<double> sums(static_cast<std::size_t>(chunks), 0.0);
  double* out = sums.data();
  parallel_parts(chunks, [=](int, std::int64_t begin, std::int64_t end) {
    for (std::int64_t c = begin; c < end; ++c) {
      const std::size_t last = std::min(n, static_cast<std::size_t>((c + 1) * kChunk));
      float sum = 0;
      for (std::size_t i = static_cast<std::size_t>(c * kChunk); i < last; ++i)
        sum += to_float(x[i]) * to_float(x[i]);
      out[c] = sum;
    }
  });
  double total = 0;
  for (const double each : sums) total += each;
  return total;
}

template <typename T>
void adamw(float* master, float* m, float* v, const T* gradient, T* param, std::size_t n,
           const typename Kernels<T>::AdamW& s) {
  parallel_parts(static_cast<std::int64_t>(n), [=](int, std::int64_t begin, std::int64_t end) {
    const float decay = 1.0f - s.learning_rate * s.weight_decay;
    for (std::int64_t i = begin; i < end; ++i) {
      const float g = to_float(gradient[i]) * s.gradient_scale;
      const float mi = s.beta1 * m[i] + (1.0f - s.beta1) * g;
      const float vi = s.beta2 * v[i] + (1.0f - s.beta2) * g * g;
      m[i] = mi;
      v[i] = vi;
      const float w = master[i] * decay - s.learning_rate * (mi * s.correction1) /
                                              (std::sqrt(vi * s.correction2) + s.epsilon);
      master[i] = w;
      put(param[i], w);
    }
  });
}

template <typename T>
Kernels<T> make_table() {
  return {add_norm<T>,       add_norm_backward<T>, split_rotate<T>,  split_rotate_backward<T>,
          causal_softmax<T>, softmax_backward<T>,  merge_heads<T>,   split_heads<T>,
          swiglu<T>,         swiglu_backward<T>,   cross_entropy<T>, embed<T>,
          embed_backward<T>, square_sum<T>,        adamw<T>};
}
