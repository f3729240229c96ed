// Integer dot products, written once over the accumulators `Acc8` and `Acc4` of vector_*.inl: 16
// outputs, four values of K a step. REQUIRES: included after kernels_float.inl.

// Accumulators stay in registers only where every loop over them is unrolled; left to itself the
// compiler gives up at nine rows, and the kernel runs at a third of its speed.
#define PARLEY_UNROLL _Pragma("clang loop unroll(full)")

// One activation vector of kGroup values, `count` of them there: the largest magnitude becomes
// ±127.
template <int kGroup>
inline void quantize_group(const float* x, int count, std::int8_t* q, float* scale,
                           std::int32_t* sum) {
  constexpr int kParts = kGroup / kLanes;
  V part[kParts];
  if (count >= kGroup) {
    PARLEY_UNROLL
    for (int i = 0; i < kParts; ++i) part[i] = V::load(x + i * kLanes);
  } else {
    for (int i = 0; i < kParts; ++i) {
      const int left = count - i * kLanes;
      part[i] = left >= kLanes ? V::load(x + i * kLanes)
                : left > 0     ? V::load_part(x + i * kLanes, left)
                               : V::zero();
    }
  }
  V amax = part[0].abs();
  PARLEY_UNROLL
  for (int i = 1; i < kParts; ++i) amax = V::max(amax, part[i].abs());
  const float most = amax.reduce_max();
  const bool zero = most < kTiny;
  const V inverse = V::set(zero ? 0.0f : 127.0f / most);
  *scale = zero ? 0.0f : most / 127.0f;
  I total = I::set(0);
  PARLEY_UNROLL
  for (int i = 0; i < kParts; ++i) {
    const I value = (part[i] * inverse).rint();
    total = total + value;
    value.store_bytes(q + i * kLanes);
  }
  *sum = total.reduce();
}

template <int kGroup>
inline void quantize_all(const float* x, int k, std::int8_t* q, float* scale, std::int32_t* sum) {
  for (int start = 0, g = 0; start < k; start += kGroup, ++g)
    quantize_group<kGroup>(x + start, k - start, q + start, scale + g, sum + g);
}

void quantize(const float* x, int k, int group, std::int8_t* q, float* scale, std::int32_t* sum) {
  (group == kGroup8 ? quantize_all<kGroup8> : quantize_all<kGroup4>)(x, k, q, scale, sum);
}

// kRows rows × kHalves·16 outputs. A weight load serves all rows, an activation broadcast all
// halves; the float sums of a group's end may live on the stack, they are touched once in
// kGroup / 4 steps. The weights `ahead` bytes on are fetched into the second cache.

template <int kRows, int kHalves, int kBits, int kGroup>
inline void tile(const LinearArgs& a, int row, int n, int first_half, std::size_t ahead) {
  using Acc = std::conditional_t<kBits == 8, Acc8, Acc4>;
  constexpr int kStep = kBits == 8 ? 4 : 8;  // values of K in 4 bytes
  const int groups = a.k / kGroup;
  const std::uint8_t* w = a.w + static_cast<std::size_t>(n) * a.k * kBits / 8 + first_half * 64;
  const std::uint16_t* w_scale =
      a.w_scale + static_cast<std::size_t>(n) * groups + first_half * kLanes;
  const std::int8_t* x = a.x + static_cast<std::size_t>(row) * a.k;
  const float* x_scale = a.x_scale + static_cast<std::size_t>(row) * groups;
  const std::int32_t* x_sum = a.x_sum + static_cast<std::size_t>(row) * groups;
  V y[kRows][kHalves];
  PARLEY_UNROLL
  for (int r = 0; r < kRows; ++r) {
    PARLEY_UNROLL
    for (int h = 0; h < kHalves; ++h) y[r][h] = V::zero();
  }
  for (int g = 0; g < groups; ++g) {
    Acc dot[kRows][kHalves];
    PARLEY_UNROLL
    for (int r = 0; r < kRows; ++r) {
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        dot[r][h].start(x_sum[static_cast<std::size_t>(r) * groups + g]);
      }
    }
#pragma clang loop unroll_count(2)
    for (int k = 0; k < kGroup; k += kStep) {
      typename Acc::Weights weights[kHalves];
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        weights[h] = Acc::load(w + h * 64);
        __builtin_prefetch(w + h * 64 + ahead, 0, 2);
      }
      w += kTile * 4;
      PARLEY_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const std::int8_t* values = x + static_cast<std::size_t>(r) * a.k + g * kGroup + k;
        const typename Acc::Values v = Acc::broadcast(values);
        PARLEY_UNROLL
        for (int h = 0; h < kHalves; ++h) dot[r][h].add(weights[h], v);
      }
    }
    V s[kHalves];
    PARLEY_UNROLL
    for (int h = 0; h < kHalves; ++h) s[h] = V::load_bf16(w_scale + h * kLanes);
    w_scale += kTile;
    PARLEY_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const std::size_t at = static_cast<std::size_t>(r) * groups + g;
      const V xs = V::set(x_scale[at]);
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        y[r][h] = y[r][h] + dot[r][h].total(x_sum[at]).to_float() * (s[h] * xs);
      }
    }
  }
  PARLEY_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* out = a.y + static_cast<std::size_t>(row + r) * a.y_stride + n + first_half * kLanes;
    PARLEY_UNROLL
    for (int h = 0; h < kHalves; ++h) y[r][h].store(out + h * kLanes);
  }
}

template <int kBits, int kGroup, int... kRows>
void linear_rows(const LinearArgs& a, std::integer_sequence<int, kRows...>) {
  using Tile = void (*)(const LinearArgs&, int, int, int, std::size_t);
  static constexpr Tile kTiles[] = {&tile<kRows + 1, kTileHalves, kBits, kGroup>...};
  constexpr int kMost = sizeof...(kRows);
  // Equal parts: 9 rows as 5 and 4 rather than 8 and 1, whose second pass would be short of work
  // per weight load.
  const int parts = (a.rows + kMost - 1) / kMost;
  // The first part of a tile waits for memory, the others find its weights in a cache: while the
  // last one computes, the next tile is fetched. With one part the processor fetches ahead itself.
  const std::size_t tile_bytes = static_cast<std::size_t>(kTile) * a.k * kBits / 8;
  for (int n = a.n_begin; n < a.n_end; n += kTile) {
    for (int half = 0; half < 2; half += kTileHalves) {
      for (int part = 0, row = 0; part < parts; ++part) {
        const int rows = (a.rows - row) / (parts - part);
        const bool fetch = part > 0 && part == parts - 1 && n + kTile < a.n_end;
        kTiles[rows - 1](a, row, n, half, fetch ? tile_bytes : 0);
        row += rows;
      }
    }
  }
}

void linear(const LinearArgs& a) {
  constexpr auto kRows = std::make_integer_sequence<int, kTileRows>();
  if (a.bits == 4) {
    linear_rows<4, kGroup4>(a, kRows);
  } else if (a.group == kGroup8) {
    linear_rows<8, kGroup8>(a, kRows);
  } else {
    linear_rows<8, kGroup4>(a, kRows);
  }
}
