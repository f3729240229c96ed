#include "train/fast/bf16/product.hpp"
#include "train/fast/bf16/simd_avx512.hpp"

namespace parley::train::bf16 {

// Eight rows by two panels: 16 accumulators, each B vector used by eight rows, A broadcast from
// memory.
void block32_avx512(const Lhs& a, const Rhs& b, int blocks, float* c, std::ptrdiff_t stride,
                    bool accumulate) {
  for (int r0 = 0; r0 < 32; r0 += 8) {
    __m512 acc[8][2];
    for (int r = 0; r < 8; ++r) {
      for (int p = 0; p < 2; ++p) {
        acc[r][p] =
            accumulate ? _mm512_loadu_ps(c + (r0 + r) * stride + 16 * p) : _mm512_setzero_ps();
      }
    }
    const Bf16* rows = a.data + r0 / 16 * a.half + r0 % 16 * a.row;
    const Bf16* b0 = b.data;
    const Bf16* b1 = b.data + b.panel;
    for (int i = 0; i < blocks; ++i) {
      for (int pair = 0; pair < 16; ++pair) {
        const auto v0 = (__m512bh)_mm512_loadu_si512(b0 + 32 * pair);
        const auto v1 = (__m512bh)_mm512_loadu_si512(b1 + 32 * pair);
#pragma clang loop unroll(full)
        for (int r = 0; r < 8; ++r) {
          int two = 0;
          __builtin_memcpy(&two, rows + r * a.row + 2 * pair, 4);
          const auto x = (__m512bh)_mm512_set1_epi32(two);
          acc[r][0] = _mm512_dpbf16_ps(acc[r][0], x, v0);
          acc[r][1] = _mm512_dpbf16_ps(acc[r][1], x, v1);
        }
      }
      rows += a.step;
      b0 += b.step;
      b1 += b.step;
    }
    for (int r = 0; r < 8; ++r) {
      for (int p = 0; p < 2; ++p) _mm512_storeu_ps(c + (r0 + r) * stride + 16 * p, acc[r][p]);
    }
  }
}

// Columns outside, rows inside: a strip of B (32 columns) stays in the L1 cache while the rows of A
// pass.
void matmul_f32(const Lhs& a, const Rhs& b, int m, int n, int k, float* c, std::ptrdiff_t stride,
                bool accumulate) {
  const Block32 block = block32();
  for (int j = 0; j < n; j += 32) {
    const Rhs strip{b.data + j / 16 * b.panel, b.panel, b.step};
    for (int i = 0; i < m; i += 32) {
      block({a.data + i / 16 * a.half, a.row, a.half, a.step}, strip, k / 32, c + i * stride + j,
            stride, accumulate);
    }
  }
}

void matmul_bf16(const Lhs& a, const Rhs& b, int m, int n, int k, Bf16* c, std::ptrdiff_t stride) {
  const Block32 block = block32();
  alignas(64) float out[32 * 32];
  for (int j = 0; j < n; j += 32) {
    const Rhs strip{b.data + j / 16 * b.panel, b.panel, b.step};
    for (int i = 0; i < m; i += 32) {
      block({a.data + i / 16 * a.half, a.row, a.half, a.step}, strip, k / 32, out, 32, false);
      for (int r = 0; r < 32; ++r) {
        const __m512 low = _mm512_load_ps(out + 32 * r), high = _mm512_load_ps(out + 32 * r + 16);
        _mm512_storeu_si512(c + (i + r) * stride + j, (__m512i)_mm512_cvtne2ps_pbh(high, low));
      }
    }
  }
}

void pack_weight_block(const float* w, int n, int k, int n32, Bf16* forward, Bf16* backward) {
  alignas(64) Bf16 block[32][32];
  for (int k32 = 0; k32 < k / 32; ++k32) {
    for (int r = 0; r < 32; ++r) {
      const float* from = w + static_cast<std::ptrdiff_t>(32 * n32 + r) * k + 32 * k32;
      _mm512_store_si512(block[r], (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + 16),
                                                                _mm512_loadu_ps(from)));
    }
    for (int half = 0; half < 2; ++half) {
      pack_rhs_transposed(
          block[16 * half], 32, 16, 32,
          forward + ((2 * static_cast<std::ptrdiff_t>(n32) + half) * (k / 32) + k32) * kTile);
      Bf16* to = backward + ((2 * k32 + half) * static_cast<std::ptrdiff_t>(n / 32) + n32) * kTile;
      for (int p = 0; p < 16; ++p) {
        _mm512_storeu_si512(to + 32 * p,
                            zip(block[2 * p] + 16 * half, block[2 * p + 1] + 16 * half));
      }
    }
  }
}

void pack_rhs(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to,
              std::ptrdiff_t step, std::ptrdiff_t panel) {
  for (int r = 0; r < rows; r += 32) {
    for (int c = 0; c < cols; c += 16) {
      Bf16* tile = to + (r / 32 * step + c / 16 * panel) * kTile;
      const Bf16* from = x + r * stride + c;
      for (int p = 0; p < 16; ++p, from += 2 * stride)
        _mm512_storeu_si512(tile + 32 * p, zip(from, from + stride));
    }
  }
}

void pack_rhs_transposed(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to) {
  __m512i t[16];
  for (int r = 0; r < rows; r += 16) {
    for (int c = 0; c < cols; c += 32) {
      for (int i = 0; i < 16; ++i) t[i] = _mm512_loadu_si512(x + (r + i) * stride + c);
      transpose16(t);
      Bf16* tile = to + (r / 16 * (cols / 32) + c / 32) * kTile;
      for (int i = 0; i < 16; ++i) _mm512_storeu_si512(tile + 32 * i, t[i]);
    }
  }
}

void matmul_block(const Lhs& a, const Rhs& b, int k, float* c, std::ptrdiff_t stride,
                  bool accumulate) {
  block32()(a, b, k / 32, c, stride, accumulate);
}

void pack_lhs_transposed(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to,
                         std::ptrdiff_t step, std::ptrdiff_t half) {
  __m512i t[16];
  for (int r = 0; r < rows; r += 32) {
    for (int c = 0; c < cols; c += 16) {
      const Bf16* from = x + r * stride + c;
      for (int p = 0; p < 16; ++p, from += 2 * stride) t[p] = zip(from, from + stride);
      transpose16(t);
      Bf16* tile = to + (r / 32 * step + c / 16 * half) * kTile;
      for (int i = 0; i < 16; ++i) _mm512_storeu_si512(tile + 32 * i, t[i]);
    }
  }
}

}  // namespace parley::train::bf16
