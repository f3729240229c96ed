// What a model consists of beside its configuration and embedding, part by part, for what writes a
// packed file and what reads one: the names, the shapes and the order are here alone.
#pragma once

#include <string>
#include <vector>

#include "nn/model/model.hpp"

namespace parley::nn {

struct LinearShape {
  int n = 0, k = 0;
};

// Calls visitor.floats(name, array, count) and visitor.linear(name, packed, shape). `Layers` is
// std::vector<Layer>, const or not, of config.layers layers.
template <typename Layers, typename Norm, typename Packed, typename Visitor>
void visit_parts(const ModelConfig& c, Layers& layers, Norm& final_norm, Packed& head,
                 Visitor& visitor) {
  const auto norm = [&](const std::string& name, auto& weights) {
    visitor.floats(name + ".weight", weights.weight, c.width);
    if (c.norm == parley::nn::Norm::kLayer) visitor.floats(name + ".bias", weights.bias, c.width);
  };
  const auto linear = [&](const std::string& name, auto& layer, LinearShape shape, bool bias) {
    visitor.linear(name, layer.weights, shape);
    if (bias) visitor.floats(name + ".bias", layer.bias, (shape.n + kTile - 1) / kTile * kTile);
  };
  const int units = (c.hidden + kHiddenUnit - 1) / kHiddenUnit * kHiddenUnit;
  for (int i = 0; i < c.layers; ++i) {
    auto& layer = layers[static_cast<std::size_t>(i)];
    const std::string at = "layers." + std::to_string(i) + ".";
    norm(at + "attention_norm", layer.attention_norm);
    norm(at + "feed_forward_norm", layer.feed_forward_norm);
    if (c.post_norms) {
      norm(at + "attention_out", layer.attention_out);
      norm(at + "feed_forward_out", layer.feed_forward_out);
    }
    if (c.qk_norm) {
      visitor.floats(at + "q_norm", layer.q_norm, c.head_dim);
      visitor.floats(at + "k_norm", layer.k_norm, c.head_dim);
    }
    linear(at + "qkv", layer.qkv, {(c.heads + 2 * c.kv_heads) * c.head_dim, c.width}, c.qkv_bias);
    linear(at + "output", layer.output, {c.width, c.heads * c.head_dim}, c.output_bias);
    linear(at + "up", layer.up, {c.gated ? 2 * units : units, c.width}, c.mlp_bias);
    linear(at + "down", layer.down, {c.width, c.hidden}, c.mlp_bias);
  }
  norm("final_norm", final_norm);
  visitor.linear("head", head, LinearShape{c.vocabulary, c.width});
}

}  // namespace parley::nn
