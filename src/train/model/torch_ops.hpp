// The model's operations as autograd functions: matrix products by torch, everything else by
// train/fast/kernels.hpp. Shapes: B sequences of T tokens, N = B·T rows, C width, H query heads, K
// key-value heads, D head_dim, F hidden. Activations and weights are bf16 or float ("the compute
// type"), the residual stream float. This header and every torch_*.cpp are C++17: the headers of
// libtorch 1.13 do not compile as C++20 under clang.
#pragma once

#include <torch/torch.h>

#include "train/fast/kernels.hpp"

namespace parley::train {

struct AttentionShape {
  int batch, time, heads, kv_heads, dim;
};

// ids [N] int32, table [V, C] → float [N, C]
torch::Tensor embed(const torch::Tensor& ids, const torch::Tensor& table);

struct AddNormResult {
  torch::Tensor x;  // float [N, C]: x + dropout(delta)
  torch::Tensor y;  // compute type [N, C]: RMSNorm(x) · weight
};
// `delta` may be undefined (the first norm).
AddNormResult add_norm(const torch::Tensor& x, const torch::Tensor& delta,
                       const torch::Tensor& weight, double epsilon, Dropout dropout);

// qkv [N, (H + 2K)·D] → [N, H·D]: rotary embedding, then causal attention over keys first_key[n] …
// t. cosine, sine: float [T, D/2]; first_key: int32 [N].
torch::Tensor attention(const torch::Tensor& qkv, const torch::Tensor& cosine,
                        const torch::Tensor& sine, const torch::Tensor& first_key,
                        AttentionShape shape);

// gate_up [N, 2F] → silu(gate) · up [N, F]
torch::Tensor swiglu(const torch::Tensor& gate_up);

// Mean negative log-likelihood of `target` [M] int32 under softmax(y · tableᵀ), y [M, C], table [V,
// C]; M > 0. The logits exist only for a chunk of rows at a time, and their gradient is made in the
// same pass.
torch::Tensor linear_cross_entropy(const torch::Tensor& y, const torch::Tensor& table,
                                   const torch::Tensor& target);

}  // namespace parley::train
