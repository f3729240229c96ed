#include "train/model/torch_fused.hpp"

namespace parley::train {
namespace {

using torch::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// What the functions of one pass share; it outlives the graph.
struct Pass {
  FastNetwork* network;
  const Batch* batch;
  std::int64_t width;
  double loss_sum = 0;

  Tensor stream(float* data) const {
    return torch::from_blob(data, {static_cast<std::int64_t>(batch->ids.size()), width},
                            torch::kFloat32);
  }
};

Pass* pass_of(AutogradContext* context) {
  return reinterpret_cast<Pass*>(context->saved_data["pass"].toInt());
}

struct EmbedFunction : torch::autograd::Function<EmbedFunction> {
  static Tensor forward(AutogradContext* context, const Tensor&, std::int64_t handle) {
    context->saved_data["pass"] = handle;
    Pass* pass = pass_of(context);
    pass->network->embed();
    return pass->stream(pass->network->residual(0));
  }
  static variable_list backward(AutogradContext* context, const variable_list&) {
    pass_of(context)->network->backward_embedding();
    return {Tensor(), Tensor()};
  }
};

struct LayerFunction : torch::autograd::Function<LayerFunction> {
  static Tensor forward(AutogradContext* context, const Tensor&, std::int64_t handle,
                        std::int64_t layer) {
    context->saved_data["pass"] = handle;
    context->saved_data["layer"] = layer;
    Pass* pass = pass_of(context);
    pass->network->forward_layer(static_cast<int>(layer));
    return pass->stream(pass->network->residual(static_cast<int>(layer) + 1));
  }
  // The incoming gradient is the network's own buffer: it is updated in place and handed on.
  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const auto layer = static_cast<int>(context->saved_data["layer"].toInt());
    pass_of(context)->network->backward_layer(layer);
    return {gradients[0], Tensor(), Tensor()};
  }
};

// The loss and its gradient are made in one sweep over the logits, so backward only hands over.
struct HeadFunction : torch::autograd::Function<HeadFunction> {
  static Tensor forward(AutogradContext* context, const Tensor&, std::int64_t handle,
                        double scale) {
    context->saved_data["pass"] = handle;
    Pass* pass = pass_of(context);
    pass->loss_sum = pass->network->head(true, static_cast<float>(scale));
    return torch::scalar_tensor(pass->loss_sum * scale, torch::kFloat32);
  }
  static variable_list backward(AutogradContext* context, const variable_list&) {
    Pass* pass = pass_of(context);
    return {pass->stream(pass->network->residual_gradient()), Tensor(), Tensor()};
  }
};

}  // namespace

std::pair<Tensor, NetworkLayout> flatten(const Llama& model) {
  torch::NoGradGuard no_grad;
  const std::vector<Tensor> parameters = model->parameters();
  std::int64_t total = 0;
  for (const Tensor& p : parameters) total += p.numel();
  const Tensor flat = torch::zeros({total});
  NetworkLayout layout;
  std::int64_t at = 0;
  for (const bool matrix : {true, false}) {
    for (Tensor p : parameters) {
      if ((p.dim() > 1) != matrix) continue;
      const Tensor view = flat.narrow(0, at, p.numel()).view(p.sizes());
      view.copy_(p);
      p.set_data(view);
      at += p.numel();
    }
    if (matrix) layout.matrices = static_cast<std::size_t>(at);
  }
  const auto offset = [&](const Tensor& p) {
    return static_cast<std::size_t>(p.data_ptr<float>() - flat.data_ptr<float>());
  };
  layout.embedding = offset(model->embedding);
  layout.final_norm = offset(model->final_norm);
  for (const LlamaLayer& l : model->layers) {
    layout.layers.push_back({offset(l->qkv), offset(l->output), offset(l->gate_up), offset(l->down),
                             offset(l->input_norm), offset(l->post_attention_norm)});
  }
  layout.total = static_cast<std::size_t>(total);
  return {flat, layout};
}

double fused_forward_backward(FastNetwork& network, const Tensor& anchor, int layers, int width,
                              const Batch& batch, float dropout, std::uint32_t dropout_key) {
  network.begin(batch, dropout, dropout_key);
  Pass pass{&network, &batch, width};
  const auto handle = reinterpret_cast<std::int64_t>(&pass);
  const double scale = 1.0 / static_cast<double>(batch.targets.size());
  Tensor x = EmbedFunction::apply(anchor, handle);
  for (std::int64_t l = 0; l < layers; ++l) x = LayerFunction::apply(x, handle, l);
  HeadFunction::apply(x, handle, scale).backward();
  return pass.loss_sum * scale;
}

double fused_loss_sum(FastNetwork& network, int layers, const Batch& batch) {
  network.begin(batch, 0, 0);
  network.embed();
  for (int l = 0; l < layers; ++l) network.forward_layer(l);
  return network.head(false, 0);
}

}  // namespace parley::train
