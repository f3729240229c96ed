// Quantises one tile of kTile outputs, lane by lane: every loop below runs over the tile's outputs,
// which the compiler turns into vectors of whatever width this file is compiled for. Each lane does
// what packed_linear.hpp says for one output, in the same order.
// REQUIRES: included inside an anonymous namespace of parley::nn.

// One group of the tile, transposed: value j of every output side by side.
template <int kGroup>
struct TransposedGroup {
  alignas(64) float at[kGroup][kTile];
  alignas(64) float amax[kTile];

  TransposedGroup(const float* values, std::size_t stride) {
    for (int lane = 0; lane < kTile; ++lane) {
      for (int j = 0; j < kGroup; ++j) at[j][lane] = values[lane * stride + j];
    }
    for (int lane = 0; lane < kTile; ++lane) amax[lane] = 0.0f;
    for (int j = 0; j < kGroup; ++j) {
      for (int lane = 0; lane < kTile; ++lane) {
        const float a = at[j][lane] < 0.0f ? 0.0f - at[j][lane] : at[j][lane];
        amax[lane] = a > amax[lane] ? a : amax[lane];
      }
    }
  }
};

inline float kept_within(float x, float low, float high) {
  const float above = x < low ? low : x;
  return above > high ? high : above;
}

inline void store_words(const std::uint32_t (&words)[kTile], std::uint8_t* to) {
  std::memcpy(to, words, sizeof words);
}

void pack_tile8(const float* values, std::size_t k, std::uint8_t* codes, std::uint16_t* scales) {
  for (std::size_t start = 0; start < k; start += kGroup8) {
    const TransposedGroup<kGroup8> group(values + start, k);
    alignas(64) float by[kTile];
    for (int lane = 0; lane < kTile; ++lane) {
      const bool zero = group.amax[lane] < kTiny;
      const std::uint16_t scale = zero ? std::uint16_t{0} : nearest_bf16(group.amax[lane] / 127.0f);
      scales[lane] = scale;
      // Any value over infinity is zero.
      by[lane] = zero ? std::numeric_limits<float>::infinity() : bf16_value(scale);
    }
    for (int j = 0; j < kGroup8; j += 4) {
      alignas(64) std::uint32_t words[kTile] = {};
      for (int b = 0; b < 4; ++b) {
        for (int lane = 0; lane < kTile; ++lane) {
          const float q = exact_rint(group.at[j + b][lane] / by[lane]);
          const auto code = static_cast<std::int32_t>(kept_within(q, -127.0f, 127.0f)) + 128;
          words[lane] |= static_cast<std::uint32_t>(code) << (8 * b);
        }
      }
      store_words(words, codes);
      codes += sizeof words;
    }
    scales += kTile;
  }
}

// One more scale for every output of the group: kept where its error is the least so far.
inline void try_scales(const TransposedGroup<kGroup4>& group, float sign, float divisor,
                       float (&least)[kTile], std::uint32_t (&best)[kTile]) {
  alignas(64) std::uint32_t scale[kTile];
  alignas(64) float by[kTile], inverse[kTile], error[kTile];
  for (int lane = 0; lane < kTile; ++lane) {
    const float wanted = sign * group.amax[lane] / divisor;
    scale[lane] = nearest_bf16(wanted);
    by[lane] = bf16_value(static_cast<std::uint16_t>(scale[lane]));
    inverse[lane] = 1.0f / by[lane];
    error[lane] = 0.0f;
  }
  for (int j = 0; j < kGroup4; ++j) {
    for (int lane = 0; lane < kTile; ++lane) {
      const float q = kept_within(exact_rint(group.at[j][lane] * inverse[lane]), -8.0f, 7.0f);
      const float d = group.at[j][lane] - q * by[lane];
      error[lane] = error[lane] + d * d;
    }
  }
  for (int lane = 0; lane < kTile; ++lane) {
    const bool better = error[lane] < least[lane];
    least[lane] = better ? error[lane] : least[lane];
    best[lane] = better ? scale[lane] : best[lane];
  }
}

void pack_tile4(const float* values, std::size_t k, std::uint8_t* codes, std::uint16_t* scales) {
  for (std::size_t start = 0; start < k; start += kGroup4) {
    const TransposedGroup<kGroup4> group(values + start, k);
    alignas(64) float least[kTile], inverse[kTile];
    alignas(64) std::uint32_t best[kTile];
    for (int lane = 0; lane < kTile; ++lane) least[lane] = 3.4e38f, best[lane] = 0;
    for (int step = 0; step < 10; ++step) {
      const float divisor = 6.4f + 0.3f * static_cast<float>(step);
      try_scales(group, 1.0f, divisor, least, best);
      try_scales(group, -1.0f, divisor, least, best);
    }
    for (int lane = 0; lane < kTile; ++lane) {
      const bool zero = group.amax[lane] < kTiny || best[lane] == 0;
      scales[lane] = static_cast<std::uint16_t>(zero ? 0u : best[lane]);
      inverse[lane] = zero ? 0.0f : 1.0f / bf16_value(scales[lane]);
    }
    for (int j = 0; j < kGroup4; j += 8) {
      alignas(64) std::uint32_t words[kTile] = {};
      for (int b = 0; b < 8; ++b) {
        const int shift = 8 * (b % 4) + 4 * (b / 4);
        for (int lane = 0; lane < kTile; ++lane) {
          const float q =
              kept_within(exact_rint(group.at[j + b][lane] * inverse[lane]), -8.0f, 7.0f);
          words[lane] |= static_cast<std::uint32_t>(static_cast<std::int32_t>(q) + 8) << shift;
        }
      }
      store_words(words, codes);
      codes += sizeof words;
    }
    scales += kTile;
  }
}
