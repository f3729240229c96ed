// The backward pass through a layer and the embedding, and the sums of weight gradients.
#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "train/fast/bf16/network_state.hpp"

namespace parley::train {

using bf16::Bf16;
using bf16::kTile;

void FastNetwork::backward_embedding() {  // each thread takes some columns of all tokens: a fixed
                                          // order for every sum
  State& s = *state_;
  const auto width = static_cast<std::size_t>(s.config.width);
  const int stripes = static_cast<int>(width / 32);
  s.team.run([&](int member) {
    const auto [from, to] = s.team.share(stripes, member);
    for (std::size_t i = 0; i < s.batch->ids.size(); ++i) {
      float* g =
          s.gradients + s.layout.embedding + static_cast<std::size_t>(s.batch->ids[i]) * width;
      const float* d = s.dx.data() + i * width;
      for (int c = from * 32; c < to * 32; ++c) g[c] += d[c];
    }
  });
}

void FastNetwork::backward_layer(int layer) {
  State& s = *state_;
  const int width = s.config.width, sequences = s.batch->rows;
  std::memset(s.norm_partials.data(), 0, s.norm_partials.size() * sizeof(float));
  s.each(sequences, [&](int q, int member) { s.backward_sequence(layer, q, member); });
  const NetworkLayout::Layer& at = s.layout.layers[static_cast<std::size_t>(layer)];
  for (int q = 0; q < sequences; ++q) {
    const float* partial = s.norm_partials.data() + static_cast<std::ptrdiff_t>(q) * 2 * width;
    for (int c = 0; c < width; ++c) {
      s.gradients[at.input_norm + static_cast<std::size_t>(c)] += partial[c];
      s.gradients[at.post_attention_norm + static_cast<std::size_t>(c)] += partial[width + c];
    }
  }
  s.multiply_gradients({{&s.d_gate_up, at.gate_up, 2 * s.config.hidden, width},
                        {&s.d_down, at.down, width, s.config.hidden},
                        {&s.d_qkv, at.qkv, s.qkv_width, width},
                        {&s.d_o, at.output, width, s.q_width}},
                       static_cast<int>(s.batch->ids.size()), s.sequence, State::kPiece);
}

void FastNetwork::State::backward_sequence(int layer, int s, int member) {
  const NetworkLayout::Layer& at = layout.layers[static_cast<std::size_t>(layer)];
  SavedLayer& save = saved[static_cast<std::size_t>(layer)];
  Scratch& tmp = scratch[static_cast<std::size_t>(member)];
  const int width = config.width, hidden = config.hidden;
  const float* x = residuals[static_cast<std::size_t>(layer)].data();
  float* d_attention_norm = norm_partials.data() + static_cast<std::ptrdiff_t>(s) * 2 * width;
  float* d_mlp_norm = d_attention_norm + width;
  const std::ptrdiff_t h_stride = spread(width), qkv_stride = spread(qkv_width),
                       o_stride = spread(q_width);
  const std::ptrdiff_t gu_stride = spread(2 * hidden), act_stride = spread(hidden);
  const std::ptrdiff_t first = static_cast<std::ptrdiff_t>(s) * sequence;
  // Packs one piece of dY and X as the operands of dW.
  const auto keep = [&](GradientOperands& to, std::ptrdiff_t t, int rows, const Bf16* dy,
                        std::ptrdiff_t dy_stride, int n, const Bf16* input,
                        std::ptrdiff_t input_stride, int k) {
    const std::ptrdiff_t blocks = rows / 32;
    bf16::pack_lhs_transposed(dy, dy_stride, rows, n, to.left.data() + t * n, 1, blocks);
    bf16::pack_rhs(input, input_stride, rows, k, to.right.data() + t * k, 1, blocks);
  };
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    float* d = dx.data() + t * width;
    bf16::to_bf16(d, rows, width, dropout(layer, 1, static_cast<std::size_t>(t)), tmp.dy.data(),
                  h_stride);
    bf16::matmul_bf16(bf16::row_major(tmp.dy.data(), h_stride), weight(layer, 3).backward_b(), rows,
                      hidden, width, tmp.dact.data(), act_stride);
    bf16::swiglu_backward(save.gu.data() + t * gu_stride, gu_stride, tmp.dact.data(), act_stride,
                          rows, hidden, tmp.dgu.data(), tmp.act.data());
    keep(d_down, t, rows, tmp.dy.data(), h_stride, width, tmp.act.data(), act_stride, hidden);
    bf16::matmul_f32(bf16::row_major(tmp.dgu.data(), gu_stride), weight(layer, 2).backward_b(),
                     rows, width, 2 * hidden, tmp.branch.data(), width, false);
    keep(d_gate_up, t, rows, tmp.dgu.data(), gu_stride, 2 * hidden, save.h2.data() + t * h_stride,
         h_stride, width);
    bf16::rmsnorm_backward(save.middle.data() + t * width, weights + at.post_attention_norm,
                           save.rstd2.data() + t, tmp.branch.data(), rows, width, d, d_mlp_norm);
    bf16::to_bf16(d, rows, width, dropout(layer, 0, static_cast<std::size_t>(t)), tmp.dy.data(),
                  h_stride);
    bf16::matmul_bf16(bf16::row_major(tmp.dy.data(), h_stride), weight(layer, 1).backward_b(), rows,
                      q_width, width, tmp.d_o.data() + (t - first) * o_stride, o_stride);
    keep(d_o, t, rows, tmp.dy.data(), h_stride, width, save.o.data() + t * o_stride, o_stride,
         q_width);
  }
  bf16::attention_backward(attention_shape(s), save.qkv.data() + first * qkv_stride,
                           save.o.data() + first * o_stride, save.lse.data() + first * config.heads,
                           tmp.d_o.data(), tmp.dqkv.data(), tmp.attention.data());
  for (std::ptrdiff_t t = first; t < first + sequence; t += kPiece) {
    const int rows = static_cast<int>(std::min<std::ptrdiff_t>(kPiece, first + sequence - t));
    Bf16* dqkv = tmp.dqkv.data() + (t - first) * qkv_stride;
    bf16::rope(dqkv, qkv_stride, rows, config.heads + config.kv_heads, config.head_dim,
               static_cast<int>(t - first), cosines.data(), sines.data(), true);
    bf16::matmul_f32(bf16::row_major(dqkv, qkv_stride), weight(layer, 0).backward_b(), rows, width,
                     qkv_width, tmp.branch.data(), width, false);
    keep(d_qkv, t, rows, dqkv, qkv_stride, qkv_width, save.h1.data() + t * h_stride, h_stride,
         width);
    bf16::rmsnorm_backward(x + t * width, weights + at.input_norm, save.rstd1.data() + t,
                           tmp.branch.data(), rows, width, dx.data() + t * width, d_attention_norm);
  }
}

// Sums dW over all tokens, which were packed in runs of `run` tokens (sequences), each in pieces of
// at most `piece`. A task owns up to 256 rows of one dW, whose float32 sums stay in the L2 cache,
// and streams the tokens past them; two pieces at a time, so that a block of C is fetched half as
// often and the strips of both operands still fit in the L1 cache.
void FastNetwork::State::multiply_gradients(const std::vector<Product>& products, int tokens,
                                            int run, int piece) {
  std::vector<std::pair<int, int>> pieces;  // first token, count
  for (int at = 0; at < tokens; at += run) {
    const int end = std::min(at + run, tokens);
    for (int t = at; t < end; t += piece) pieces.emplace_back(t, std::min(piece, end - t));
  }
  struct Task {
    Product product;
    int from, rows;
  };
  std::vector<Task> tasks;
  for (const Product& p : products) {
    const int rows = std::max(32, std::min(256, (1 << 18) / p.k / 32 * 32));
    for (int from = 0; from < p.n; from += rows) {
      tasks.push_back({p, from, std::min(rows, p.n - from)});
    }
  }
  each(static_cast<int>(tasks.size()), [&](int index, int) {
    const auto& [product, from, rows] = tasks[static_cast<std::size_t>(index)];
    const int n = product.n, k = product.k;
    float* to = gradients + product.offset + static_cast<std::ptrdiff_t>(from) * k;
    for (std::size_t first = 0; first < pieces.size(); first += 2) {
      const std::size_t last = std::min(first + 2, pieces.size());
      for (int j = 0; j < k; j += 32) {
        for (int i = 0; i < rows; i += 32) {
          for (std::size_t q = first; q < last; ++q) {
            const auto [t, count] = pieces[q];
            const std::ptrdiff_t panel = count / 32 * kTile;
            const Bf16* left = product.operands->left.data() + static_cast<std::ptrdiff_t>(t) * n +
                               (from + i) / 16 * panel;
            const Bf16* right = product.operands->right.data() +
                                static_cast<std::ptrdiff_t>(t) * k + j / 16 * panel;
            bf16::matmul_block({left, 32, panel, kTile}, {right, panel, kTile}, count,
                               to + static_cast<std::ptrdiff_t>(i) * k + j, k, true);
          }
        }
      }
    }
  });
}

}  // namespace parley::train
