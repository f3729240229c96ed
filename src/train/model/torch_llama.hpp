// The Llama architecture (RMSNorm, rotary positions, grouped-query attention, SwiGLU, tied
// embeddings) as a torch module. Weights that read the same input are one matrix: [q | k | v] and
// [gate | up].
#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <string>
#include <vector>

#include "nn/model/model_config.hpp"
#include "train/model/torch_ops.hpp"

namespace parley::train {

struct TorchBatch {
  torch::Tensor ids;          // int32 [B·T]
  torch::Tensor first_key;    // int32 [B·T]: where the row's document starts in its sequence
  torch::Tensor target_rows;  // int64 [M]: rows whose next token is to be predicted
  torch::Tensor targets;      // int32 [M]
  int batch = 0, time = 0;
};

struct LlamaLayerImpl : torch::nn::Module {
  LlamaLayerImpl(const nn::ModelConfig& config, torch::ScalarType type);
  torch::Tensor input_norm, post_attention_norm, qkv, output, gate_up, down;
};
TORCH_MODULE(LlamaLayer);

struct LlamaImpl : torch::nn::Module {
  LlamaImpl(const nn::ModelConfig& config, torch::ScalarType type);
  // Mean loss over the batch's targets. `dropout_key` changes every step; rate 0 for evaluation.
  torch::Tensor loss(const TorchBatch& batch, float dropout_rate, std::uint32_t dropout_key);
  // Final hidden states of the target rows, [M, C].
  torch::Tensor hidden(const TorchBatch& batch, float dropout_rate, std::uint32_t dropout_key);
  // Normal(0, 0.02) as in GPT-2, the projections into the residual stream scaled down by
  // √(2·layers); norms 1.
  void initialise(std::uint64_t seed);

  nn::ModelConfig config;
  torch::Tensor embedding, final_norm, cosine, sine;
  std::vector<LlamaLayer> layers;
};
TORCH_MODULE(Llama);

// The weights under Hugging Face's names, as views of the module's matrices.
std::vector<std::pair<std::string, torch::Tensor>> named_weights(const Llama& model);

}  // namespace parley::train
