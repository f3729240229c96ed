#include "train/model/torch_llama.hpp"

#include <cmath>

namespace parley::train {

using torch::Tensor;

LlamaLayerImpl::LlamaLayerImpl(const nn::ModelConfig& c, torch::ScalarType type) {
  const auto matrix = [&](const char* name, std::int64_t rows, std::int64_t columns) {
    return register_parameter(name, torch::zeros({rows, columns}, type));
  };
  input_norm = register_parameter("input_norm", torch::ones({c.width}, type));
  qkv = matrix("qkv", std::int64_t(c.heads + 2 * c.kv_heads) * c.head_dim, c.width);
  output = matrix("output", c.width, std::int64_t(c.heads) * c.head_dim);
  post_attention_norm = register_parameter("post_attention_norm", torch::ones({c.width}, type));
  gate_up = matrix("gate_up", std::int64_t(2) * c.hidden, c.width);
  down = matrix("down", c.width, c.hidden);
}

LlamaImpl::LlamaImpl(const nn::ModelConfig& c, torch::ScalarType type) : config(c) {
  embedding = register_parameter("embedding", torch::zeros({c.vocabulary, c.width}, type));
  for (int i = 0; i < c.layers; ++i) {
    layers.push_back(register_module("layer" + std::to_string(i), LlamaLayer(c, type)));
  }
  final_norm = register_parameter("final_norm", torch::ones({c.width}, type));
  const auto pair = torch::arange(0, c.head_dim / 2, torch::kFloat64);
  const auto frequency = torch::pow(c.rope_theta, -2.0 * pair / c.head_dim).to(torch::kFloat32);
  const auto angle = torch::outer(torch::arange(0, c.context, torch::kFloat32), frequency);
  cosine = torch::cos(angle).contiguous();
  sine = torch::sin(angle).contiguous();
}

void LlamaImpl::initialise(std::uint64_t seed) {
  torch::NoGradGuard no_grad;
  auto generator = at::detail::createCPUGenerator(seed);
  const double residual = 0.02 / std::sqrt(2.0 * config.layers);
  for (auto& item : named_parameters()) {
    Tensor& weight = item.value();
    if (weight.dim() < 2) continue;
    const std::string& name = item.key();
    const bool into_residual =
        name.find("output") != std::string::npos || name.find("down") != std::string::npos;
    weight.copy_(at::normal(0.0, into_residual ? residual : 0.02, weight.sizes(), generator));
  }
}

Tensor LlamaImpl::hidden(const TorchBatch& b, float rate, std::uint32_t key) {
  const AttentionShape shape{b.batch, b.time, config.heads, config.kv_heads, config.head_dim};
  const double epsilon = config.norm_epsilon;
  const auto dropout = [&](std::size_t place) {
    return Dropout{rate, key * 0x9E3779B1u + static_cast<std::uint32_t>(place) * 0x85EBCA77u};
  };
  Tensor x = embed(b.ids, embedding), delta;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const LlamaLayerImpl& l = *layers[i];
    const AddNormResult first = add_norm(x, delta, l.input_norm, epsilon, dropout(2 * i));
    const Tensor attended =
        attention(torch::linear(first.y, l.qkv), cosine, sine, b.first_key, shape);
    const AddNormResult second = add_norm(first.x, torch::linear(attended, l.output),
                                          l.post_attention_norm, epsilon, dropout(2 * i + 1));
    delta = torch::linear(swiglu(torch::linear(second.y, l.gate_up)), l.down);
    x = second.x;
  }
  const Tensor y = add_norm(x, delta, final_norm, epsilon, dropout(2 * layers.size())).y;
  return y.index_select(0, b.target_rows);
}

Tensor LlamaImpl::loss(const TorchBatch& batch, float rate, std::uint32_t key) {
  return linear_cross_entropy(hidden(batch, rate, key), embedding, batch.targets);
}

std::vector<std::pair<std::string, Tensor>> named_weights(const Llama& model) {
  const nn::ModelConfig& c = model->config;
  const std::int64_t q = std::int64_t(c.heads) * c.head_dim,
                     kv = std::int64_t(c.kv_heads) * c.head_dim;
  std::vector<std::pair<std::string, Tensor>> out;
  out.emplace_back("model.embed_tokens.weight", model->embedding);
  for (int i = 0; i < c.layers; ++i) {
    const std::string p = "model.layers." + std::to_string(i) + ".";
    const LlamaLayerImpl& l = *model->layers[static_cast<std::size_t>(i)];
    out.emplace_back(p + "input_layernorm.weight", l.input_norm);
    out.emplace_back(p + "self_attn.q_proj.weight", l.qkv.narrow(0, 0, q));
    out.emplace_back(p + "self_attn.k_proj.weight", l.qkv.narrow(0, q, kv));
    out.emplace_back(p + "self_attn.v_proj.weight", l.qkv.narrow(0, q + kv, kv));
    out.emplace_back(p + "self_attn.o_proj.weight", l.output);
    out.emplace_back(p + "post_attention_layernorm.weight", l.post_attention_norm);
    out.emplace_back(p + "mlp.gate_proj.weight", l.gate_up.narrow(0, 0, c.hidden));
    out.emplace_back(p + "mlp.up_proj.weight", l.gate_up.narrow(0, c.hidden, c.hidden));
    out.emplace_back(p + "mlp.down_proj.weight", l.down);
  }
  out.emplace_back("model.norm.weight", model->final_norm);
  return out;
}

}  // namespace parley::train
