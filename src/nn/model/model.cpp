#include "nn/model/model.hpp"

namespace parley::nn {

void Model::embedding(std::int32_t token, int position, float* out, float* scratch) const {
  embedding_->read_row(token, out);
  if (config_.embedding_scale != 1.0f) {
    for (int i = 0; i < config_.width; ++i) out[i] = out[i] * config_.embedding_scale;
  }
  if (positions_) {
    positions_->read_row(position, scratch);
    for (int i = 0; i < config_.width; ++i) out[i] = out[i] + scratch[i];
  }
}

std::size_t Model::weight_bytes() const {
  std::size_t total = head_.bytes();
  for (const Layer& layer : layers_) {
    total += layer.qkv.weights.bytes() + layer.output.weights.bytes() + layer.up.weights.bytes() +
             layer.down.weights.bytes();
  }
  return total;
}

}  // namespace parley::nn
