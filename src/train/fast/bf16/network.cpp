#include "train/fast/bf16/network.hpp"

#include <algorithm>
#include <cstring>
#include <vector>

#include "train/fast/bf16/network_state.hpp"

namespace parley::train {

using bf16::Bf16;

bool FastNetwork::supports(const nn::ModelConfig& c, int sequence) {
  return bf16::available() && c.tie_embeddings && c.width % 32 == 0 && c.hidden % 32 == 0 &&
         c.vocabulary % 32 == 0 && c.head_dim % 32 == 0 && sequence % 32 == 0;
}

const char* FastNetwork::kernel() {
  return bf16::matmul_kernel();
}

FastNetwork::FastNetwork(const nn::ModelConfig& config, const NetworkLayout& layout, int threads,
                         float* weights, float* gradients)
    : state_(std::make_unique<State>(config, layout, threads, weights, gradients)) {}
FastNetwork::~FastNetwork() = default;

void FastNetwork::pack_weights() {
  State& s = *state_;
  std::vector<std::pair<const PackedWeight*, int>> tasks;
  for (const PackedWeight& p : s.packed) {
    for (int n32 = 0; n32 < p.n / 32; n32 += 4) tasks.emplace_back(&p, n32);
  }
  s.each(static_cast<int>(tasks.size()), [&](int task, int) {
    const auto& [p, first] = tasks[static_cast<std::size_t>(task)];
    for (int n32 = first; n32 < std::min(first + 4, p->n / 32); ++n32) {
      bf16::pack_weight_block(s.weights + p->offset, p->n, p->k, n32,
                              const_cast<Bf16*>(p->forward.data()),
                              const_cast<Bf16*>(p->backward.data()));
    }
  });
}

void FastNetwork::begin(const Batch& batch, float dropout, std::uint32_t dropout_key) {
  State& s = *state_;
  s.batch = &batch;
  s.resize(batch.rows * batch.sequence, batch.sequence);
  s.dropout_rate = dropout;
  s.dropout_key = dropout > 0 ? dropout_key : 0;
}

float* FastNetwork::residual(int layer) {
  return state_->residuals[static_cast<std::size_t>(layer)].data();
}
float* FastNetwork::residual_gradient() {
  return state_->dx.data();
}

void FastNetwork::embed() {
  State& s = *state_;
  const auto width = static_cast<std::size_t>(s.config.width);
  s.each(s.batch->rows, [&](int q, int) {
    for (int i = q * s.sequence; i < (q + 1) * s.sequence; ++i) {
      const auto token = static_cast<std::size_t>(s.batch->ids[static_cast<std::size_t>(i)]);
      std::memcpy(s.residuals[0].data() + static_cast<std::size_t>(i) * width,
                  s.weights + s.layout.embedding + token * width, width * sizeof(float));
    }
  });
}

void FastNetwork::forward_layer(int layer) {
  State& s = *state_;
  s.each(s.batch->rows, [&](int q, int member) { s.forward_sequence(layer, q, member); });
}

void FastNetwork::State::forward_sequence(int layer, int s, int member) {
  const NetworkLayout::Layer& at = layout.layers[static_cast<std::size_t>(layer)];
  SavedLayer& save = saved[static_cast<std::size_t>(layer)];
  Scratch& tmp = scratch[static_cast<std::size_t>(member)];
  const int width = config.width, hidden = config.hidden;
  const auto epsilon = static_cast<float>(config.norm_epsilon);
  const float* x = residuals[static_cast<std::size_t>(layer)].data();
  float* out = residuals[static_cast<std::size_t>(layer + 1)].data();
  const std::ptrdiff_t h_stride = spread(width), qkv_stride = spread(qkv_width),
                       o_stride = spread(q_width);
  const std::ptrdiff_t gu_stride = spread(2 * hidden), act_stride = spread(hidden);
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(s) * sequence;
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    bf16::rmsnorm(x + t * width, weights + at.input_norm, epsilon, rows, width,
                  save.h1.data() + t * h_stride, h_stride, save.rstd1.data() + t);
    Bf16* qkv = save.qkv.data() + t * qkv_stride;
    bf16::matmul_bf16(bf16::row_major(save.h1.data() + t * h_stride, h_stride),
                      weight(layer, 0).forward_b(), rows, qkv_width, width, qkv, qkv_stride);
    bf16::rope(qkv, qkv_stride, rows, config.heads + config.kv_heads, config.head_dim,
               static_cast<int>(t - first), cosines.data(), sines.data(), false);
  }
  bf16::attention(attention_shape(s), save.qkv.data() + first * qkv_stride,
                  save.o.data() + first * o_stride, save.lse.data() + first * config.heads,
                  tmp.attention.data());
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    const auto count = static_cast<std::size_t>(rows) * static_cast<std::size_t>(width);
    float* middle = save.middle.data() + t * width;
    bf16::matmul_f32(bf16::row_major(save.o.data() + t * o_stride, o_stride),
                     weight(layer, 1).forward_b(), rows, width, q_width, tmp.branch.data(), width,
                     false);
    bf16::add_residual(x + t * width, tmp.branch.data(), count,
                       dropout(layer, 0, static_cast<std::size_t>(t)), middle);
    Bf16* h2 = save.h2.data() + t * h_stride;
    bf16::rmsnorm(middle, weights + at.post_attention_norm, epsilon, rows, width, h2, h_stride,
                  save.rstd2.data() + t);
    Bf16* gu = save.gu.data() + t * gu_stride;
    bf16::matmul_bf16(bf16::row_major(h2, h_stride), weight(layer, 2).forward_b(), rows, 2 * hidden,
                      width, gu, gu_stride);
    bf16::swiglu(gu, gu_stride, rows, hidden, tmp.act.data(), act_stride);
    bf16::matmul_f32(bf16::row_major(tmp.act.data(), act_stride), weight(layer, 3).forward_b(),
                     rows, width, hidden, tmp.branch.data(), width, false);
    bf16::add_residual(middle, tmp.branch.data(), count,
                       dropout(layer, 1, static_cast<std::size_t>(t)), out + t * width);
  }
}

}  // namespace parley::train
