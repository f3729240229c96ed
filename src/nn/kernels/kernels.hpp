// The arithmetic the forward pass is made of, one table of functions per instruction set.
// kernels_scalar.cpp is the specification; the others equal it bit for bit (kernels_test.cpp).
// Chosen once, at start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/kernels/exact_math.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {

// y[row][n] = Σ_g float(Σ_{k in group g} q[row][k]·w[n][k]) · (w_scale[g][n]·x_scale[row][g]), g
// ascending from 0. The sum inside a group is an exact integer.
struct LinearArgs {
  const std::int8_t* x = nullptr;       // [rows][k], quantised, k a multiple of the group
  const float* x_scale = nullptr;       // [rows][k / group]
  const std::int32_t* x_sum = nullptr;  // [rows][k / group]: sum of the group's x
  int rows = 0;
  int k = 0;
  int bits = 8;  // 8: groups of kGroup8 (or kGroup4); 4: of kGroup4
  int group = kGroup8;
  const std::uint8_t* w = nullptr;         // packed: see packed_linear.hpp
  const std::uint16_t* w_scale = nullptr;  // bfloat16 [n / kTile][k / group][kTile]
  int n_begin = 0, n_end = 0;              // multiples of kTile
  float* y = nullptr;                      // [rows][y_stride], columns from 0: output n at y[n]
  int y_stride = 0;
};

// y[row][n] = Σ_k x[row][k]·w[k][n] in order of k, in float32.
struct LinearF32Args {
  const float* x = nullptr;  // [rows][x_stride]
  int x_stride = 0;
  int rows = 0;
  int k = 0;
  const float* w = nullptr;  // [n / kTile][k][kTile]
  int n_begin = 0, n_end = 0;
  float* y = nullptr;
  int y_stride = 0;
};

inline constexpr int kKvBlock = 64;  // positions per cache block; a multiple of kTile

// The part of a cache block that belongs to one layer and key-value head (kv_cache.hpp): keys and
// values of 64 positions as bytes with scales. `dims` is head_dim rounded up to kTile.
struct KvLayout {
  int dims = 0;
  std::size_t key_scales() const { return std::size_t{kKvBlock} * dims; }
  std::size_t values() const { return key_scales() + std::size_t{2} * kKvBlock * dims / kGroup4; }
  std::size_t value_scales() const { return values() + std::size_t{kKvBlock} * dims; }
  std::size_t bytes() const { return value_scales() + sizeof(float) * kKvBlock; }
};

// Attention of some query rows of one sequence over one key-value head. A query row is one query
// head at one position. Row r sees positions start[r] … length[r]-1.
//   s[p] = the linear sum of q and key p in groups of kGroup4, then the soft cap;  m = max s;
//   e[p] = exp(s[p] − m);  Z = 16-lane sum of e (lane p mod 16), reduced by the tree;
//   u[p] = e[p]·value_scale[p], per block of 64 positions as 14-bit integers: a = max u,
//   c[p] = rint(u[p]·(16256/a)), scale a/16256, all zero when a < 1e-30;
//   out[d] = (Σ_blocks float(Σ_{p in block} c[p]·v[p][d]) · scale, in order) · (1/Z).
struct AttentionArgs {
  const std::int8_t* q = nullptr;  // [rows][dims], already times the score scale
  const float* q_scale = nullptr;  // [rows][dims / kGroup4]
  const std::int32_t* q_sum = nullptr;
  int rows = 0;
  const int* start = nullptr;
  const int* length = nullptr;
  int first_block = 0, end_block = 0;  // blocks that any row sees
  KvLayout layout;
  const std::byte* const* blocks = nullptr;  // [end_block]: this layer's and head's part
  float softcap = 0.0f;                      // 0: off
  // Scratch, columns counted from first_block: scores [rows][stride], codes [rows][2·stride] (per
  // block the upper 7 bits of 64 codes, then the lower 7), code_scale and code_sum
  // [rows][stride/64].
  int stride = 0;  // a multiple of kKvBlock
  float* scores = nullptr;
  std::int8_t* codes = nullptr;
  float* code_scale = nullptr;
  std::int32_t* code_sum = nullptr;
  float* inverse = nullptr;     // [rows]: 1/Z
  float* const* out = nullptr;  // [rows]: head_dim values each
  int head_dim = 0;
};

// The same in float32, for the reference precision: one position's query heads that share a
// key-value head. k_blocks: per block [kKvBlock / 16][head_dim][16]; v_blocks:
// [kKvBlock][head_dim].
struct AttentionF32Args {
  const float* q = nullptr;  // [heads][head_dim], already times the score scale
  int heads = 0;
  int head_dim = 0;
  const float* const* k_blocks = nullptr;
  const float* const* v_blocks = nullptr;
  int start = 0, length = 0;
  float softcap = 0.0f;
  float* scores = nullptr;  // scratch: heads × (length rounded up to kKvBlock)
  float* out = nullptr;     // [heads][head_dim]
};

struct Kernels {
  const char* name;
  // Per group: scale = amax / 127, q = rint(x · (127 / amax)); all zero when amax < 1e-30. x holds
  // k values, the rest of the last group is zero.
  void (*quantize)(const float* x, int k, int group, std::int8_t* q, float* scale,
                   std::int32_t* sum);
  void (*linear)(const LinearArgs&);
  void (*linear_f32)(const LinearF32Args&);
  // y = (x · (1 / √(Σx²/n + epsilon))) · weight
  void (*rms_norm)(const float* x, const float* weight, int n, float epsilon, float* y);
  // With c = x − Σx/n:  y = (c · (1 / √(Σc²/n + epsilon))) · weight + bias
  void (*layer_norm)(const float* x, const float* weight, const float* bias, int n, float epsilon,
                     float* y);
  // y = act(gate) · up, or act(gate) where `up` is null.
  void (*activate)(Activation act, const float* gate, const float* up, int n, float* y);
  void (*add)(float* x, const float* y, int n);  // x = x + y
  void (*scale)(float* x, float factor, int n);  // x = x · factor
  void (*divide)(float* x, float by, int n);     // x = x / by
  void (*softcap)(float* x, float cap, int n);   // x = cap · tanh(x / cap)
  // Pairs (i, i + half): a = a·cos − b·sin, b = b·cos + a·sin.
  void (*rotate)(float* x, const float* cosine, const float* sine, int half);
  // One position's key or value into slot `slot` of a block part. Key: per group of kGroup4 the
  // scale is bfloat16(amax / 127) and the code rint(x · (1 / scale)); value: one float32 scale
  // amax / 127, code rint(x · (127 / amax)); codes are stored + 128. All zero when amax < 1e-30.
  void (*store_key)(const float* key, int head_dim, KvLayout layout, int slot, std::byte* block);
  void (*store_value)(const float* value, int head_dim, KvLayout layout, int slot,
                      std::byte* block);
  void (*attention_scores)(const AttentionArgs&, int block_begin, int block_end);
  void (*attention_weights)(const AttentionArgs&, int row);
  void (*attention_values)(const AttentionArgs&, int dim_begin, int dim_end);  // multiples of kTile
  void (*attention_f32)(const AttentionF32Args&);
  // e[i] = exp(x[i] − max); returns the 16-lane sum (lane i mod 16), reduced by the tree.
  float (*exp_sum)(const float* x, float max, int n, float* e);
  // Index of the largest, the lowest one among equals.
  int (*argmax)(const float* x, int n);
};

const Kernels& scalar_kernels();
#if defined(__x86_64__)
const Kernels& avx2_kernels();
const Kernels& avx_vnni_kernels();
const Kernels& vnni256_kernels();
const Kernels& avx512_kernels();
const Kernels& avx512_vnni_kernels();
#elif defined(__aarch64__)
const Kernels& neon_kernels();
const Kernels& neon_dotprod_kernels();
#elif defined(__wasm__)
const Kernels& wasm_kernels();
#endif

// `isa`: "" for the best this processor has, or a name as Kernels::name has it ("scalar", "avx2",
// "avx2-vnni", "avx512", "avx512-vnni", "neon", "neon-dotprod", "wasm").
// Errors: kUsage for an unknown name, or one the processor lacks.
const Kernels& select_kernels(std::string_view isa = {});
// Every set this processor can run, the scalar one first, the best last.
std::vector<const Kernels*> available_kernels();

}  // namespace parley::nn
