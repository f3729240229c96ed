// Attention's part of the scalar specification; kernels.hpp says what each function does.
#pragma once

#include "nn/kernels/kernels.hpp"

namespace parley::nn::scalar {

void store_key(const float* key, int head_dim, KvLayout layout, int slot, std::byte* block);
void store_value(const float* value, int head_dim, KvLayout layout, int slot, std::byte* block);
void attention_scores(const AttentionArgs& a, int block_begin, int block_end);
void attention_weights(const AttentionArgs& a, int row);
void attention_values(const AttentionArgs& a, int dim_begin, int dim_end);
void attention_f32(const AttentionF32Args& a);

}  // namespace parley::nn::scalar
