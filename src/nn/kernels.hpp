// The arithmetic the forward pass is made of, one table of functions per instruction set.
// kernels_scalar.cpp is the specification; the others equal it bit for bit (kernels_test.cpp).
// Chosen once, at start.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "nn/exact_math.hpp"

namespace parley::nn {

// y[row][n] = Σ_g float(Σ_{k in group g} q[row][k]·w[n][k]) · (w_scale[g][n]·x_scale[row][g]), g
// ascending from 0.
struct LinearArgs {
  const std::int8_t* x = nullptr;       // [rows][k], quantised, k a multiple of kGroup
  const float* x_scale = nullptr;       // [rows][k / kGroup]
  const std::int32_t* x_sum = nullptr;  // [rows][k / kGroup]: sum of the group's x
  int rows = 0;
  int k = 0;
  const std::uint8_t* w = nullptr;  // packed: see PackedLinear in weights.hpp
  const float* w_scale = nullptr;   // [n / kTile][k / kGroup][kTile]
  int n_begin = 0, n_end = 0;       // multiples of kTile
  float* y = nullptr;               // [rows][y_stride]
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

inline constexpr int kKvBlock = 64;  // positions per cache block; a multiple of kLanes

// One row's attention over one key-value head, for the query heads that share it.
// Positions 0 … length-1, in blocks of kKvBlock. For query head h and position p:
//   s[p] = Σ_d q[h][d]·k[p][d] in order of d;  m = max s;  e[p] = exp(s[p] − m);
//   Z = 16-lane sum of e (lane p mod 16), reduced by the tree;  out[h][d] = (Σ_p e[p]·v[p][d] in
//   order of p) · (1 / Z).
struct AttentionArgs {
  const float* q = nullptr;  // [heads][head_dim], already scaled by 1/√head_dim
  int heads = 0;
  int head_dim = 0;
  const float* const* k_blocks = nullptr;  // per block: [kKvBlock / 16][head_dim][16]
  const float* const* v_blocks = nullptr;  // per block: [kKvBlock][head_dim]
  int length = 0;
  float* scores = nullptr;  // scratch: heads × (length rounded up to kKvBlock)
  float* out = nullptr;     // [heads][head_dim]
};

struct Kernels {
  const char* name;
  // Per group: scale = amax / 127, q = rint(x · (127 / amax)); all zero when amax < 1e-30. x holds
  // k values, the rest of the last group is zero.
  void (*quantize)(const float* x, int k, std::int8_t* q, float* scale, std::int32_t* sum);
  void (*linear)(const LinearArgs&);
  void (*linear_f32)(const LinearF32Args&);
  // y = (x · (1 / √(Σx²/n + epsilon))) · weight
  void (*rms_norm)(const float* x, const float* weight, int n, float epsilon, float* y);
  void (*attention)(const AttentionArgs&);
  void (*silu_mul)(const float* gate, const float* up, int n, float* y);  // y = silu(gate) · up
  void (*add)(float* x, const float* y, int n);                           // x = x + y
  // e[i] = exp(x[i] − max); returns the 16-lane sum (lane i mod 16), reduced by the tree.
  float (*exp_sum)(const float* x, float max, int n, float* e);
};

const Kernels& scalar_kernels();
#if defined(__x86_64__)
const Kernels& avx2_kernels();
const Kernels& avx512_kernels();
#endif

// `isa`: "" for the best this processor has, or "scalar", "avx2", "avx512".
// Errors: kUsage for an unknown name, or one the processor lacks.
const Kernels& select_kernels(std::string_view isa = {});
// Every set this processor can run, the scalar one first (tests).
std::vector<const Kernels*> available_kernels();

}  // namespace parley::nn
