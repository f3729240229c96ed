// A whole layer as one autograd function, on the bfloat16 kernels of train/fast/bf16. What torch
// sees is the float32 residual stream; weight gradients go straight into the network's flat array.
#pragma once

#include <torch/torch.h>

#include "train/fast/bf16/network.hpp"
#include "train/model/torch_llama.hpp"

namespace parley::train {

// Moves the parameters of a float32 model into one array, of which they become views. Returns the
// array and where everything lies in it.
std::pair<torch::Tensor, NetworkLayout> flatten(const Llama& model);

// Forward and backward of the batch's mean loss. `anchor` is any parameter of the model: it ties
// the graph to something that requires a gradient. Returns the loss.
double fused_forward_backward(FastNetwork& network, const torch::Tensor& anchor, int layers,
                              int width, const Batch& batch, float dropout,
                              std::uint32_t dropout_key);

// The sum of the losses, forward alone.
double fused_loss_sum(FastNetwork& network, int layers, const Batch& batch);

}  // namespace parley::train
