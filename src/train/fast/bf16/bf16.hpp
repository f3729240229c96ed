// The arithmetic of fast training: bfloat16 matrix products accumulated in float32, and everything
// between two products fused into one pass. Needs AVX-512 with BF16; uses AMX tiles where the
// processor has them. Functions work on raw memory inside one thread; network*.cpp spread them over
// threads and train/model/torch_fused.cpp hangs them into torch.
//
// Layouts, all in units of 512 bfloat16 (1 KiB, one AMX tile):
//   "RHS tiles" of B[k][n]: tile (k32, n16) holds B[32*k32 + 2p + i][16*n16 + c] at [p][c][i]:
//   pairs along k lie together,
//      as vdpbf16ps and tdpbf16ps want their second operand.
//   "LHS tiles" of A[r][k]: tile (r16, k32) holds A[16*r16 + r][32*k32 + c] at [r][c].
// Row and column counts handed to these functions are multiples of 32.
#pragma once

#include <cstddef>
#include <cstdint>

namespace parley::train::bf16 {

using Bf16 = std::uint16_t;
inline constexpr std::ptrdiff_t kTile = 512;  // elements

// True when this processor can run the fast path at all.
bool available();
// Which matrix kernel runs: "AMX", "AVX-512".
const char* matmul_kernel();
// Forces the AVX-512 matrix kernel where AMX is present (tests, measurements).
void disable_amx(bool disable);
// Call once on each thread before it computes; asks the kernel for the AMX tile state.
void begin_thread();

// One operand of a product, as strides in elements.
struct Lhs {
  const Bf16* data;
  std::ptrdiff_t row;   // from a row to the next, inside 16 rows
  std::ptrdiff_t half;  // from 16 rows to the next 16
  std::ptrdiff_t step;  // from 32 columns to the next 32
};
struct Rhs {
  const Bf16* data;
  std::ptrdiff_t panel;  // from 16 columns to the next 16
  std::ptrdiff_t step;   // from 32 rows to the next 32
};
inline Lhs row_major(const Bf16* data, std::ptrdiff_t stride) {
  return {data, stride, 16 * stride, 32};
}

// C[m][n] = A[m][k] B[k][n]; m, n, k multiples of 32.
void matmul_bf16(const Lhs& a, const Rhs& b, int m, int n, int k, Bf16* c, std::ptrdiff_t stride);
void matmul_f32(const Lhs& a, const Rhs& b, int m, int n, int k, float* c, std::ptrdiff_t stride,
                bool accumulate);

// One 32 x 32 block of C, k a multiple of 32.
void matmul_block(const Lhs& a, const Rhs& b, int k, float* c, std::ptrdiff_t stride,
                  bool accumulate);

// W[n][k] in float32 to
//   forward:  RHS tiles of W^T[k][n], tile (k32, n16) at n16 * (k/32) + k32
//   backward: RHS tiles of W[n][k],   tile (n32, k16) at k16 * (n/32) + n32
// for the 32-row block `n32` only, so that blocks can run on several threads.
void pack_weight_block(const float* w, int n, int k, int n32, Bf16* forward, Bf16* backward);

// X[rows][cols] (row-major, `stride`) to RHS tiles of X: tile (r32, c16) at r32 * step + c16 *
// panel, both in tiles.
void pack_rhs(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to,
              std::ptrdiff_t step, std::ptrdiff_t panel);
// X[rows][cols] to RHS tiles of X^T: tile (c32, r16) at r16 * (cols/32) + c32.
void pack_rhs_transposed(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to);
// X[rows][cols] to LHS tiles of X^T: tile (c16, r32) at r32 * step + c16 * half, in tiles.
void pack_lhs_transposed(const Bf16* x, std::ptrdiff_t stride, int rows, int cols, Bf16* to,
                         std::ptrdiff_t step, std::ptrdiff_t half);

// y = x / rms(x) * weight in bfloat16; rstd[r] = 1 / rms.
void rmsnorm(const float* x, const float* weight, float epsilon, int rows, int cols, Bf16* y,
             std::ptrdiff_t stride, float* rstd);
// dx += gradient through the norm; dweight[cols] += over rows. dy is float32.
void rmsnorm_backward(const float* x, const float* weight, const float* rstd, const float* dy,
                      int rows, int cols, float* dx, float* dweight);

// Inverted dropout keyed by (key, element index): the same call gives the same mask, so nothing is
// stored.
struct Dropout {
  float rate = 0;  // 0: off
  std::uint32_t key = 0;
  std::uint32_t first = 0;  // index of the first element
};
// out = x + dropout(branch)
void add_residual(const float* x, const float* branch, std::size_t count, const Dropout& dropout,
                  float* out);
// to[r][c] = bfloat16(dropout(from[r][c])); rows of `to` are `stride` apart
void to_bf16(const float* from, int rows, int cols, const Dropout& dropout, Bf16* to,
             std::ptrdiff_t stride);

// Rotates `heads` heads of each row in place, pairs (i, i + head_dim/2), by the angle of position
// first + r; tables are [position][head_dim/2]. `inverse` turns the other way.
void rope(Bf16* x, std::ptrdiff_t stride, int rows, int heads, int head_dim, int first,
          const float* cosines, const float* sines, bool inverse);

// gate_up = [gate | up] per row (rows gate_up_stride apart): act = silu(gate) * up (rows act_stride
// apart).
void swiglu(const Bf16* gate_up, std::ptrdiff_t gate_up_stride, int rows, int hidden, Bf16* act,
            std::ptrdiff_t act_stride);
// From d_act: d_gate_up, laid out like gate_up, and act again.
void swiglu_backward(const Bf16* gate_up, std::ptrdiff_t gate_up_stride, const Bf16* d_act,
                     std::ptrdiff_t act_stride, int rows, int hidden, Bf16* d_gate_up, Bf16* act);

// Causal attention inside segments of one chunk of rows. start[r]: first row that row r may see.
// Row r of head h of q is at qkv + r * stride + h * head_dim; keys follow the queries, values the
// keys.
struct AttentionShape {
  int rows, heads, kv_heads, head_dim;
  const std::int32_t* start;
  std::ptrdiff_t stride;      // from a row of qkv (and dqkv) to the next
  std::ptrdiff_t out_stride;  // of out and dout
};
std::size_t attention_scratch_bytes(const AttentionShape& shape);
// out: heads * head_dim wide; lse[heads][rows]: log of the softmax denominator.
void attention(const AttentionShape& shape, const Bf16* qkv, Bf16* out, float* lse, void* scratch);
// dqkv laid out like qkv, before the rotation is undone.
void attention_backward(const AttentionShape& shape, const Bf16* qkv, const Bf16* out,
                        const float* lse, const Bf16* dout, Bf16* dqkv, void* scratch);

// Rows of n logits (a multiple of 16), `stride` apart, to losses; when `backward`, the logits
// become (softmax - onehot(target)) * scale in place. Returns the sum of the losses.
double cross_entropy(Bf16* logits, std::ptrdiff_t stride, int rows, int n,
                     const std::int32_t* targets, float scale, bool backward);

double sum_of_squares(const float* x, std::size_t count);

struct AdamW {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  float bias_correction1, bias_correction2;  // 1 - beta^step
  float gradient_scale;                      // clipping, and the mean over micro-batches
};
// Also clears the gradients.
void adamw(const AdamW& settings, std::size_t count, float* weights, float* gradients, float* m,
           float* v);

}  // namespace parley::train::bf16
