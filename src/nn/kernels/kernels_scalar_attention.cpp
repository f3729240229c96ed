#include <cmath>
#include <cstring>

#include "nn/kernels/kernels_scalar.hpp"

namespace parley::nn::scalar {
namespace {

float largest(const float* x, int n) {
  float amax = 0.0f;
  for (int i = 0; i < n; ++i) amax = std::fabs(x[i]) > amax ? std::fabs(x[i]) : amax;
  return amax;
}

std::uint8_t code(float x) {
  return static_cast<std::uint8_t>(static_cast<int>(exact_rint(x)) + 128);
}

}  // namespace

void store_key(const float* key, int head_dim, KvLayout layout, int slot, std::byte* block) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(block);
  const int groups = layout.dims / kGroup4;
  const int tile = slot / kTile, lane = slot % kTile;
  for (int g = 0; g < groups; ++g) {
    const int from = g * kGroup4;
    const int left = head_dim - from < kGroup4 ? head_dim - from : kGroup4;
    const float amax = left > 0 ? largest(key + from, left) : 0.0f;
    const std::uint16_t scale = amax < kTiny ? std::uint16_t{0} : nearest_bf16(amax / 127.0f);
    const float inverse = scale == 0 ? 0.0f : 1.0f / bf16_value(scale);
    std::memcpy(bytes + layout.key_scales() + sizeof(scale) * ((tile * groups + g) * kTile + lane),
                &scale, sizeof(scale));
    for (int i = 0; i < kGroup4; ++i) {
      const int d = from + i;
      bytes[static_cast<std::size_t>(tile) * layout.dims * kTile + d / 4 * kTile * 4 + lane * 4 +
            d % 4] = code(i < left ? key[d] * inverse : 0.0f);
    }
  }
}

void store_value(const float* value, int head_dim, KvLayout layout, int slot, std::byte* block) {
  auto* bytes = reinterpret_cast<std::uint8_t*>(block);
  const float amax = largest(value, head_dim);
  const float scale = amax < kTiny ? 0.0f : amax / 127.0f;
  const float inverse = amax < kTiny ? 0.0f : 127.0f / amax;
  std::memcpy(bytes + layout.value_scales() + sizeof(scale) * slot, &scale, sizeof(scale));
  for (int d = 0; d < layout.dims; ++d) {
    bytes[layout.values() + static_cast<std::size_t>(d / kTile) * kKvBlock * kTile +
          slot / 4 * kTile * 4 + d % kTile * 4 + slot % 4] =
        code(d < head_dim ? value[d] * inverse : 0.0f);
  }
}

void attention_scores(const AttentionArgs& a, int block_begin, int block_end) {
  const int dims = a.layout.dims;
  for (int b = block_begin; b < block_end; ++b) {
    const auto* block = reinterpret_cast<const std::uint8_t*>(a.blocks[b]);
    scalar_kernels().linear({a.q, a.q_scale, a.q_sum, a.rows, dims, 8, kGroup4, block,
                             reinterpret_cast<const std::uint16_t*>(block + a.layout.key_scales()),
                             0, kKvBlock, a.scores + (b - a.first_block) * kKvBlock, a.stride});
  }
}

void attention_weights(const AttentionArgs& a, int row) {
  const int base = a.first_block * kKvBlock;
  const int count = (a.end_block - a.first_block) * kKvBlock;
  float* s = a.scores + static_cast<std::size_t>(row) * a.stride;
  const auto seen = [&](int i) { return base + i >= a.start[row] && base + i < a.length[row]; };
  float max = -3.4e38f;
  for (int i = 0; i < count; ++i) {
    if (!seen(i)) continue;
    if (a.softcap > 0.0f) s[i] = a.softcap * exact_tanh(s[i] / a.softcap);
    if (s[i] > max) max = s[i];
  }
  float lanes[kLanes] = {};
  for (int i = 0; i < count; ++i) {
    s[i] = seen(i) ? exact_exp(s[i] - max) : 0.0f;
    lanes[i % kLanes] = lanes[i % kLanes] + s[i];
  }
  a.inverse[row] = 1.0f / reduce_lanes(lanes);
  for (int b = 0; b < count / kKvBlock; ++b) {
    const auto* block = reinterpret_cast<const std::uint8_t*>(a.blocks[a.first_block + b]);
    float u[kKvBlock];
    for (int i = 0; i < kKvBlock; ++i) {
      float scale = 0;
      std::memcpy(&scale, block + a.layout.value_scales() + sizeof(scale) * i, sizeof(scale));
      u[i] = s[b * kKvBlock + i] * scale;
    }
    const float amax = largest(u, kKvBlock);
    const float inverse = amax < kTiny ? 0.0f : 16256.0f / amax;
    const std::size_t at = static_cast<std::size_t>(row) * (a.stride / kKvBlock) + b;
    a.code_scale[at] = amax < kTiny ? 0.0f : amax / 16256.0f;
    std::int8_t* codes = a.codes + at * 2 * kKvBlock;
    a.code_sum[at] = 0;
    for (int i = 0; i < kKvBlock; ++i) {
      const int c = static_cast<int>(exact_rint(u[i] * inverse));
      codes[i] = static_cast<std::int8_t>(c >> 7);
      codes[kKvBlock + i] = static_cast<std::int8_t>(c & 127);
      a.code_sum[at] += c;
    }
  }
}

void attention_values(const AttentionArgs& a, int dim_begin, int dim_end) {
  for (int row = 0; row < a.rows; ++row) {
    for (int d = dim_begin; d < dim_end && d < a.head_dim; ++d) {
      float y = 0.0f;
      for (int b = 0; b < a.end_block - a.first_block; ++b) {
        const auto* values = reinterpret_cast<const std::uint8_t*>(a.blocks[a.first_block + b]) +
                             a.layout.values() +
                             static_cast<std::size_t>(d / kTile) * kKvBlock * kTile;
        const std::size_t at = static_cast<std::size_t>(row) * (a.stride / kKvBlock) + b;
        const std::int8_t* codes = a.codes + at * 2 * kKvBlock;
        std::int32_t dot = 0;
        for (int i = 0; i < kKvBlock; ++i) {
          const int v = static_cast<int>(values[i / 4 * kTile * 4 + d % kTile * 4 + i % 4]) - 128;
          dot += (codes[i] * 128 + codes[kKvBlock + i]) * v;
        }
        y = y + static_cast<float>(dot) * a.code_scale[at];
      }
      a.out[row][d] = y * a.inverse[row];
    }
  }
}

void attention_f32(const AttentionF32Args& a) {
  const int stride = (a.length + kKvBlock - 1) / kKvBlock * kKvBlock;
  for (int h = 0; h < a.heads; ++h) {
    const float* q = a.q + static_cast<std::size_t>(h) * a.head_dim;
    float* s = a.scores + static_cast<std::size_t>(h) * stride;
    float max = -3.4e38f;
    for (int p = a.start; p < a.length; ++p) {
      const float* k = a.k_blocks[p / kKvBlock] +
                       static_cast<std::size_t>(p % kKvBlock / kLanes) * a.head_dim * kLanes +
                       p % kLanes;
      float dot = 0.0f;
      for (int d = 0; d < a.head_dim; ++d)
        dot = dot + q[d] * k[static_cast<std::size_t>(d) * kLanes];
      if (a.softcap > 0.0f) dot = a.softcap * exact_tanh(dot / a.softcap);
      s[p] = dot;
      if (dot > max) max = dot;
    }
    float lanes[kLanes] = {};
    for (int p = a.start; p < a.length; ++p) {
      s[p] = exact_exp(s[p] - max);
      lanes[p % kLanes] = lanes[p % kLanes] + s[p];
    }
    const float inverse = 1.0f / reduce_lanes(lanes);
    for (int d = 0; d < a.head_dim; ++d) {
      float sum = 0.0f;
      for (int p = a.start; p < a.length; ++p) {
        const float* v =
            a.v_blocks[p / kKvBlock] + static_cast<std::size_t>(p % kKvBlock) * a.head_dim;
        sum = sum + s[p] * v[d];
      }
      a.out[static_cast<std::size_t>(h) * a.head_dim + d] = sum * inverse;
    }
  }
}

}  // namespace parley::nn::scalar
