#include <cmath>

#include "train/fast/bf16/product.hpp"
#include "train/fast/bf16/simd_avx512.hpp"

// Queries go in blocks of 32 rows. A block's scores against all keys it may see fit in the L1 or L2
// cache, so softmax is the plain two-pass one; nothing of size rows x rows is kept between forward
// and backward.
namespace parley::train::bf16 {
namespace {

struct Scratch {
  char* at;
  template <typename T>
  T* take(std::size_t count) {
    T* p = reinterpret_cast<T*>(at);
    at += (count * sizeof(T) + 63) / 64 * 64;
    return p;
  }
};

// First key row of the block of 32 queries at q0, rounded down to 32.
int first_key(const AttentionShape& shape, int q0) {
  return shape.start[q0] / 32 * 32;
}

// scores[32][*] = Q K^T for key blocks lo .. q0 + 32, at column (key - lo).
void scores(const Bf16* q, std::ptrdiff_t stride, const Bf16* keys_t, int dim, int lo, int q0,
            float* out, std::ptrdiff_t ld) {
  const Block32 block = block32();
  const std::ptrdiff_t panel = dim / 32 * kTile;
  for (int key = lo; key < q0 + 32; key += 32) {
    block(row_major(q, stride), {keys_t + key / 16 * panel, panel, kTile}, dim / 32,
          out + (key - lo), ld, false);
  }
}

// Lanes of columns c .. c+15 that lie in [from, to).
__mmask16 lanes(int c, int from, int to) {
  const int a = from > c ? from - c : 0, b = to - c < 16 ? to - c : 16;
  if (a >= 16 || b <= a) return 0;
  return static_cast<__mmask16>((0xffffu >> (16 - b)) & (0xffffu << a));
}

}  // namespace

std::size_t attention_scratch_bytes(const AttentionShape& s) {
  const auto rows = static_cast<std::size_t>(s.rows), dim = static_cast<std::size_t>(s.head_dim);
  return rows * dim * 2 * 5         // packed keys (two ways), values, queries, dout
         + 32 * rows * (4 + 2) * 2  // score blocks and their bfloat16 copies
         + rows * rows * 2 * 2      // transposed probabilities and score gradients
         + rows * dim * 4 * 2 + 32 * dim * 4 + 4096 + 64 * 16;
}

void attention(const AttentionShape& s, const Bf16* qkv, Bf16* out, float* lse, void* memory) {
  Scratch scratch{static_cast<char*>(memory)};
  auto* keys_t = scratch.take<Bf16>(static_cast<std::size_t>(s.rows) * s.head_dim);
  auto* values = scratch.take<Bf16>(static_cast<std::size_t>(s.rows) * s.head_dim);
  auto* score = scratch.take<float>(32 * static_cast<std::size_t>(s.rows));
  auto* p = scratch.take<Bf16>(32 * static_cast<std::size_t>(s.rows));
  auto* o = scratch.take<float>(32 * static_cast<std::size_t>(s.head_dim));
  const std::ptrdiff_t stride = s.stride, ld = s.rows;
  const std::ptrdiff_t out_stride = s.out_stride;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
  const int group = s.heads / s.kv_heads;
  const std::ptrdiff_t panels = s.head_dim / 16;
  for (int kv = 0; kv < s.kv_heads; ++kv) {
    const Bf16* k = qkv + (s.heads + kv) * s.head_dim;
    pack_rhs_transposed(k, stride, s.rows, s.head_dim, keys_t);
    pack_rhs(k + s.kv_heads * s.head_dim, stride, s.rows, s.head_dim, values, panels, 1);
    for (int h = kv * group; h < (kv + 1) * group; ++h) {
      for (int q0 = 0; q0 < s.rows; q0 += 32) {
        const int lo = first_key(s, q0), width = q0 + 32 - lo;
        scores(qkv + q0 * stride + h * s.head_dim, stride, keys_t, s.head_dim, lo, q0, score, ld);
        float inverse[32];
        for (int r = 0; r < 32; ++r) {
          const int from = s.start[q0 + r] - lo, to = q0 + r + 1 - lo;
          float* row = score + r * ld;
          __m512 top = _mm512_set1_ps(-1e30f);
          for (int c = from / 16 * 16; c < to; c += 16) {
            top = _mm512_mask_max_ps(top, lanes(c, from, to), top, _mm512_loadu_ps(row + c));
          }
          const float max = _mm512_reduce_max_ps(top) * scale;
          const __m512 shift = _mm512_set1_ps(max), factor = _mm512_set1_ps(scale);
          __m512 sum = _mm512_setzero_ps();
          for (int c = 0; c < width; c += 16) {
            const __mmask16 seen = lanes(c, from, to);
            __m512 e = _mm512_setzero_ps();
            if (seen)
              e = _mm512_maskz_mov_ps(
                  seen, exp_ps(_mm512_fmsub_ps(_mm512_loadu_ps(row + c), factor, shift)));
            sum = _mm512_add_ps(sum, e);
            store_bf16(p + r * ld + c, e);
          }
          const float total = _mm512_reduce_add_ps(sum);
          inverse[r] = 1.0f / total;
          lse[h * ld + q0 + r] = max + std::log(total);
        }
        matmul_f32(row_major(p, ld), {values + lo / 32 * panels * kTile, kTile, panels * kTile}, 32,
                   s.head_dim, width, o, s.head_dim, false);
        for (int r = 0; r < 32; ++r) {
          const __m512 factor = _mm512_set1_ps(inverse[r]);
          for (int c = 0; c < s.head_dim; c += 16) {
            store_bf16(out + (q0 + r) * out_stride + h * s.head_dim + c,
                       _mm512_mul_ps(_mm512_loadu_ps(o + r * s.head_dim + c), factor));
          }
        }
      }
    }
  }
}

void attention_backward(const AttentionShape& s, const Bf16* qkv, const Bf16* out, const float* lse,
                        const Bf16* dout, Bf16* dqkv, void* memory) {
  Scratch scratch{static_cast<char*>(memory)};
  const auto rows = static_cast<std::size_t>(s.rows), dim = static_cast<std::size_t>(s.head_dim);
  auto* keys_t = scratch.take<Bf16>(rows * dim);
  auto* values_t = scratch.take<Bf16>(rows * dim);
  auto* keys = scratch.take<Bf16>(rows * dim);
  auto* queries = scratch.take<Bf16>(rows * dim);
  auto* douts = scratch.take<Bf16>(rows * dim);
  auto* score = scratch.take<float>(32 * rows);
  auto* dscore = scratch.take<float>(32 * rows);
  auto* p = scratch.take<Bf16>(32 * rows);
  auto* ds = scratch.take<Bf16>(32 * rows);
  auto* p_t = scratch.take<Bf16>(
      rows * rows);  // LHS tiles of P^T: tile (key16, query32) at query32 * (rows/16) + key16
  auto* ds_t = scratch.take<Bf16>(rows * rows);
  auto* dk = scratch.take<float>(rows * dim);
  auto* dv = scratch.take<float>(rows * dim);
  auto* dq = scratch.take<float>(32 * dim);
  const std::ptrdiff_t stride = s.stride, ld = s.rows;
  const std::ptrdiff_t out_stride = s.out_stride;
  const float scale = 1.0f / std::sqrt(static_cast<float>(s.head_dim));
  const int group = s.heads / s.kv_heads, blocks = s.rows / 32;
  const std::ptrdiff_t panels = s.head_dim / 16, left_step = s.rows / 16;
  for (int kv = 0; kv < s.kv_heads; ++kv) {
    const Bf16* k = qkv + (s.heads + kv) * s.head_dim;
    const Bf16* v = k + s.kv_heads * s.head_dim;
    pack_rhs_transposed(k, stride, s.rows, s.head_dim, keys_t);
    pack_rhs_transposed(v, stride, s.rows, s.head_dim, values_t);
    pack_rhs(k, stride, s.rows, s.head_dim, keys, panels, 1);
    for (int h = kv * group; h < (kv + 1) * group; ++h) {
      const Bf16* q = qkv + h * s.head_dim;
      const Bf16* d_out = dout + h * s.head_dim;
      pack_rhs(q, stride, s.rows, s.head_dim, queries, panels, 1);
      pack_rhs(d_out, out_stride, s.rows, s.head_dim, douts, panels, 1);
      for (int q0 = 0; q0 < s.rows; q0 += 32) {
        const int lo = first_key(s, q0), width = q0 + 32 - lo;
        scores(q + q0 * stride, stride, keys_t, s.head_dim, lo, q0, score, ld);
        scores(d_out + q0 * out_stride, out_stride, values_t, s.head_dim, lo, q0, dscore, ld);
        for (int r = 0; r < 32; ++r) {
          const int from = s.start[q0 + r] - lo, to = q0 + r + 1 - lo;
          __m512 dot = _mm512_setzero_ps();
          for (int c = 0; c < s.head_dim; c += 16) {
            dot = _mm512_fmadd_ps(load_bf16(d_out + (q0 + r) * out_stride + c),
                                  load_bf16(out + (q0 + r) * out_stride + h * s.head_dim + c), dot);
          }
          const __m512 mean = _mm512_set1_ps(_mm512_reduce_add_ps(dot));
          const __m512 shift = _mm512_set1_ps(lse[h * ld + q0 + r]), factor = _mm512_set1_ps(scale);
          for (int c = 0; c < width; c += 16) {
            const __mmask16 seen = lanes(c, from, to);
            __m512 e = _mm512_setzero_ps(), d = _mm512_setzero_ps();
            if (seen) {
              e = _mm512_maskz_mov_ps(
                  seen,
                  exp_ps(_mm512_fmsub_ps(_mm512_loadu_ps(score + r * ld + c), factor, shift)));
              d = _mm512_maskz_mul_ps(seen, _mm512_mul_ps(e, factor),
                                      _mm512_sub_ps(_mm512_loadu_ps(dscore + r * ld + c), mean));
            }
            store_bf16(p + r * ld + c, e);
            store_bf16(ds + r * ld + c, d);
          }
        }
        const std::ptrdiff_t tile = (q0 / 32 * left_step + lo / 16) * kTile;
        pack_lhs_transposed(p, ld, 32, width, p_t + tile, left_step, 1);
        pack_lhs_transposed(ds, ld, 32, width, ds_t + tile, left_step, 1);
        matmul_f32(row_major(ds, ld), {keys + lo / 32 * panels * kTile, kTile, panels * kTile}, 32,
                   s.head_dim, width, dq, s.head_dim, false);
        for (int r = 0; r < 32; ++r) {
          for (int c = 0; c < s.head_dim; c += 16) {
            store_bf16(dqkv + (q0 + r) * stride + h * s.head_dim + c,
                       _mm512_loadu_ps(dq + r * s.head_dim + c));
          }
        }
      }
      const bool accumulate = h != kv * group;
      for (int key = 0; key < s.rows; key += 32) {
        int last = key / 32;  // the last query block that sees this key block; earlier ones from
                              // the diagonal on do too
        while (last + 1 < blocks && first_key(s, 32 * (last + 1)) <= key) ++last;
        const int count = 32 * (last + 1) - key;
        const std::ptrdiff_t tile = (key / 32 * left_step + key / 16) * kTile;
        const std::ptrdiff_t from = key / 32 * panels * kTile;
        matmul_f32({p_t + tile, 32, kTile, left_step * kTile},
                   {douts + from, kTile, panels * kTile}, 32, s.head_dim, count,
                   dv + key * s.head_dim, s.head_dim, accumulate);
        matmul_f32({ds_t + tile, 32, kTile, left_step * kTile},
                   {queries + from, kTile, panels * kTile}, 32, s.head_dim, count,
                   dk + key * s.head_dim, s.head_dim, accumulate);
      }
    }
    for (int r = 0; r < s.rows; ++r) {
      Bf16* to = dqkv + r * stride + (s.heads + kv) * s.head_dim;
      for (int c = 0; c < s.head_dim; c += 16) {
        store_bf16(to + c, _mm512_loadu_ps(dk + r * s.head_dim + c));
        store_bf16(to + s.kv_heads * s.head_dim + c, _mm512_loadu_ps(dv + r * s.head_dim + c));
      }
    }
  }
}

}  // namespace parley::train::bf16
