// Attention over cached bytes. Keys are weights of a linear layer whose outputs are positions;
// values are one whose inputs are. REQUIRES: included after kernels_linear.inl.

void store_key(const float* key, int head_dim, KvLayout layout, int slot, std::byte* block) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(block);
  const int groups = layout.dims / kGroup4;
  const int in_tile = slot / kTile, lane = slot % kTile;
  std::uint8_t* keys = bytes + static_cast<std::size_t>(in_tile) * layout.dims * kTile + lane * 4;
  auto* scales = reinterpret_cast<std::uint16_t*>(bytes + layout.key_scales());
  alignas(64) std::int8_t codes[kGroup4];
  for (int g = 0; g < groups; ++g) {
    V part[2];
    for (int i = 0; i < 2; ++i) {
      const int from = g * kGroup4 + i * kLanes, left = head_dim - from;
      part[i] = left >= kLanes ? V::load(key + from)
                : left > 0     ? V::load_part(key + from, left)
                               : V::zero();
    }
    const float amax = V::max(part[0].abs(), part[1].abs()).reduce_max();
    const std::uint16_t scale = amax < kTiny ? std::uint16_t{0} : nearest_bf16(amax / 127.0f);
    scales[(in_tile * groups + g) * kTile + lane] = scale;
    const V inverse = V::set(scale == 0 ? 0.0f : 1.0f / bf16_value(scale));
    for (int i = 0; i < 2; ++i) (part[i] * inverse).rint().store_bytes(codes + i * kLanes);
    for (int i = 0; i < kGroup4; i += 4) {
      std::uint32_t four;
      std::memcpy(&four, codes + i, 4);
      four ^= 0x80808080u;  // + 128 in each byte
      std::memcpy(keys + static_cast<std::size_t>(g * kGroup4 + i) * kTile, &four, 4);
    }
  }
}

void store_value(const float* value, int head_dim, KvLayout layout, int slot, std::byte* block) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(block);
  alignas(64) std::int8_t codes[kLanes];
  V most = V::zero();
  int d = 0;
  for (; d + kLanes <= head_dim; d += kLanes) most = V::max(most, V::load(value + d).abs());
  if (d < head_dim) most = V::max(most, V::load_part(value + d, head_dim - d).abs());
  const float amax = most.reduce_max();
  const float scale = amax < kTiny ? 0.0f : amax / 127.0f;
  const V inverse = V::set(amax < kTiny ? 0.0f : 127.0f / amax);
  std::memcpy(bytes + layout.value_scales() + sizeof(scale) * slot, &scale, sizeof(scale));
  std::uint8_t* values = bytes + layout.values() + slot / 4 * kTile * 4 + slot % 4;
  for (d = 0; d < layout.dims; d += kLanes) {
    const int left = head_dim - d;
    const V v = left >= kLanes ? V::load(value + d)
                : left > 0     ? V::load_part(value + d, left)
                               : V::zero();
    (v * inverse).rint().store_bytes(codes);
    std::uint8_t* to =
        values + static_cast<std::size_t>(d / kTile) * kKvBlock * kTile + d % kTile * 4;
    for (int i = 0; i < kLanes; ++i) to[i * 4] = static_cast<std::uint8_t>(codes[i] ^ -128);
  }
}

void attention_scores(const AttentionArgs& a, int block_begin, int block_end) {
  for (int b = block_begin; b < block_end; ++b) {
    const auto* block = reinterpret_cast<const std::uint8_t*>(a.blocks[b]);
    linear({a.q, a.q_scale, a.q_sum, a.rows, a.layout.dims, 8, kGroup4, block,
            reinterpret_cast<const std::uint16_t*>(block + a.layout.key_scales()), 0, kKvBlock,
            a.scores + static_cast<std::size_t>(b - a.first_block) * kKvBlock, a.stride});
  }
}

void attention_weights(const AttentionArgs& a, int row) {
  const int base = a.first_block * kKvBlock;
  const int count = (a.end_block - a.first_block) * kKvBlock;
  float* s = a.scores + static_cast<std::size_t>(row) * a.stride;
  if (a.softcap > 0.0f) softcap(s, a.softcap, count);
  for (int i = 0; base + i < a.start[row]; ++i) s[i] = kUnseen;
  for (int i = a.length[row] - base; i < count; ++i) s[i] = kUnseen;
  V most = V::set(kUnseen);
  for (int i = 0; i < count; i += kLanes) most = V::max(most, V::load(s + i));
  const V max = V::set(most.reduce_max());
  V total = V::zero();
  for (int b = 0; b < count / kKvBlock; ++b) {
    const auto* block = reinterpret_cast<const std::uint8_t*>(a.blocks[a.first_block + b]);
    const auto* scales = reinterpret_cast<const float*>(block + a.layout.value_scales());
    V u[kKvBlock / kLanes];
    V largest = V::zero();
    for (int i = 0; i < kKvBlock / kLanes; ++i) {
      const V e = exp_lanes(V::load(s + b * kKvBlock + i * kLanes) - max);
      total = total + e;
      u[i] = e * V::load(scales + i * kLanes);
      largest = V::max(largest, u[i]);  // none is negative
    }
    const float amax = largest.reduce_max();
    const V inverse = V::set(amax < kTiny ? 0.0f : 16256.0f / amax);
    const std::size_t at = static_cast<std::size_t>(row) * (a.stride / kKvBlock) + b;
    a.code_scale[at] = amax < kTiny ? 0.0f : amax / 16256.0f;
    std::int8_t* codes = a.codes + at * 2 * kKvBlock;
    I sum = I::set(0);
    for (int i = 0; i < kKvBlock / kLanes; ++i) {
      const I c = (u[i] * inverse).rint();
      sum = sum + c;
      c.shift_right7().store_bytes(codes + i * kLanes);
      c.low7().store_bytes(codes + kKvBlock + i * kLanes);
    }
    a.code_sum[at] = sum.reduce();
  }
  a.inverse[row] = 1.0f / total.reduce();
}

template <int kRows, int kHalves>
inline void value_tile(const AttentionArgs& a, int row, int d, int first_half) {
  const std::size_t blocks = static_cast<std::size_t>(a.stride / kKvBlock);
  V y[kRows][kHalves];
  PARLEY_UNROLL
  for (int r = 0; r < kRows; ++r) {
    PARLEY_UNROLL
    for (int h = 0; h < kHalves; ++h) y[r][h] = V::zero();
  }
  for (int b = 0; b < a.end_block - a.first_block; ++b) {
    const auto* w = reinterpret_cast<const std::uint8_t*>(a.blocks[a.first_block + b]) +
                    a.layout.values() + static_cast<std::size_t>(d) * kKvBlock + first_half * 64;
    const std::size_t at = row * blocks + static_cast<std::size_t>(b);
    Acc8 upper[kRows][kHalves], lower[kRows][kHalves];
    PARLEY_UNROLL
    for (int r = 0; r < kRows; ++r) {
      // Taking 128 off each byte of V is 128·Σc less in all, whichever plane it is taken from.
      const std::int32_t sum = a.code_sum[at + r * blocks];
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) upper[r][h].start(0), lower[r][h].start(sum);
    }
    for (int p = 0; p < kKvBlock; p += 4) {
      Acc8::Weights weights[kHalves];
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) weights[h] = Acc8::load(w + h * 64);
      w += kTile * 4;
      PARLEY_UNROLL
      for (int r = 0; r < kRows; ++r) {
        const std::int8_t* codes = a.codes + (at + r * blocks) * 2 * kKvBlock + p;
        const Acc8::Values high = Acc8::broadcast(codes);
        const Acc8::Values low = Acc8::broadcast(codes + kKvBlock);
        PARLEY_UNROLL
        for (int h = 0; h < kHalves; ++h) {
          upper[r][h].add(weights[h], high);
          lower[r][h].add(weights[h], low);
        }
      }
    }
    PARLEY_UNROLL
    for (int r = 0; r < kRows; ++r) {
      const std::int32_t sum = a.code_sum[at + r * blocks];
      const V scale = V::set(a.code_scale[at + r * blocks]);
      PARLEY_UNROLL
      for (int h = 0; h < kHalves; ++h) {
        const I dot = upper[r][h].total(0).shift_left7() + lower[r][h].total(sum);
        y[r][h] = y[r][h] + dot.to_float() * scale;
      }
    }
  }
  PARLEY_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const V inverse = V::set(a.inverse[row + r]);
    PARLEY_UNROLL
    for (int h = 0; h < kHalves; ++h) {
      const int at = d + (first_half + h) * kLanes, left = a.head_dim - at;
      if (left >= kLanes) {
        (y[r][h] * inverse).store(a.out[row + r] + at);
      } else if (left > 0) {
        (y[r][h] * inverse).store_part(a.out[row + r] + at, left);
      }
    }
  }
}

template <int... kRows>
void value_rows(const AttentionArgs& a, int dim_begin, int dim_end,
                std::integer_sequence<int, kRows...>) {
  using Tile = void (*)(const AttentionArgs&, int, int, int);
  static constexpr Tile kTiles[] = {&value_tile<kRows + 1, kTileHalves>...};
  constexpr int kMost = sizeof...(kRows);
  const int parts = (a.rows + kMost - 1) / kMost;
  for (int d = dim_begin; d < dim_end; d += kTile) {
    for (int half = 0; half < 2; half += kTileHalves) {
      for (int part = 0, row = 0; part < parts; ++part) {
        const int rows = (a.rows - row) / (parts - part);
        kTiles[rows - 1](a, row, d, half);
        row += rows;
      }
    }
  }
}

void attention_values(const AttentionArgs& a, int dim_begin, int dim_end) {
  value_rows(a, dim_begin, dim_end, std::make_integer_sequence<int, kValueRows>());
}
