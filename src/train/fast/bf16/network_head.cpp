// The head: final norm, logits against the tied embedding, cross entropy, and their gradients.
#include <algorithm>
#include <cstring>
#include <vector>

#include "train/fast/bf16/network_state.hpp"

namespace parley::train {

using bf16::Bf16;

double FastNetwork::head(bool backward, float scale) {
  State& s = *state_;
  constexpr int kRows = 128;       // target rows a thread takes at a time
  constexpr int kPassRows = 4096;  // target rows between two sums into the embedding's gradient
  const int width = s.config.width, vocabulary = s.config.vocabulary;
  const std::ptrdiff_t logit_stride = spread(vocabulary), h_stride = spread(width);
  const auto epsilon = static_cast<float>(s.config.norm_epsilon);
  if (s.head_scratch.empty()) {
    for (int i = 0; i < s.team.size(); ++i) {
      State::HeadScratch h;
      h.x = Array<float>(static_cast<std::size_t>(kRows) * width);
      h.dh = Array<float>(static_cast<std::size_t>(kRows) * width);
      h.h = Array<Bf16>(static_cast<std::size_t>(kRows) * h_stride);
      h.logits = Array<Bf16>(static_cast<std::size_t>(kRows) * logit_stride);
      s.head_scratch.push_back(std::move(h));
    }
  }
  const std::vector<std::int64_t>& rows = s.batch->target_rows;
  if (backward) std::memset(s.dx.data(), 0, s.dx.size() * sizeof(float));
  const float* x = s.residuals.back().data();
  double loss = 0;
  for (int pass = 0; pass < static_cast<int>(rows.size()); pass += kPassRows) {
    const int pass_rows = std::min(kPassRows, static_cast<int>(rows.size()) - pass);
    const int padded = (pass_rows + 31) / 32 * 32;
    const int tasks = (pass_rows + kRows - 1) / kRows;
    if (backward && s.d_embedding.left.size() < static_cast<std::size_t>(padded) * vocabulary) {
      s.d_embedding.left = Array<Bf16>(static_cast<std::size_t>(padded) * vocabulary);
      s.d_embedding.right = Array<Bf16>(static_cast<std::size_t>(padded) * width);
    }
    std::vector<double> losses(static_cast<std::size_t>(tasks));
    Array<float> norm_gradients(static_cast<std::size_t>(tasks) * static_cast<std::size_t>(width));
    s.each(tasks, [&](int task, int member) {
      State::HeadScratch& h = s.head_scratch[static_cast<std::size_t>(member)];
      const int first = task * kRows, real = std::min(kRows, pass_rows - first),
                all = (real + 31) / 32 * 32;
      std::int32_t targets[kRows];
      float rstd[kRows];
      for (int r = 0; r < all; ++r) {
        float* to = h.x.data() + r * width;
        if (r >= real) {
          std::memset(to, 0, static_cast<std::size_t>(width) * sizeof(float));
          continue;
        }
        const std::int64_t row = rows[static_cast<std::size_t>(pass + first + r)];
        std::memcpy(to, x + row * width, static_cast<std::size_t>(width) * sizeof(float));
        targets[r] = s.batch->targets[static_cast<std::size_t>(pass + first + r)];
      }
      bf16::rmsnorm(h.x.data(), s.weights + s.layout.final_norm, epsilon, all, width, h.h.data(),
                    h_stride, rstd);
      bf16::matmul_bf16(bf16::row_major(h.h.data(), h_stride), s.packed[0].forward_b(), all,
                        vocabulary, width, h.logits.data(), logit_stride);
      losses[static_cast<std::size_t>(task)] = bf16::cross_entropy(
          h.logits.data(), logit_stride, real, vocabulary, targets, scale, backward);
      if (!backward) return;
      for (int r = real; r < all; ++r) {
        std::memset(h.logits.data() + r * logit_stride, 0,
                    static_cast<std::size_t>(vocabulary) * sizeof(Bf16));
      }
      bf16::matmul_f32(bf16::row_major(h.logits.data(), logit_stride), s.packed[0].backward_b(),
                       all, width, vocabulary, h.dh.data(), width, false);
      bf16::pack_lhs_transposed(
          h.logits.data(), logit_stride, all, vocabulary,
          s.d_embedding.left.data() + static_cast<std::ptrdiff_t>(first) * vocabulary, 1, all / 32);
      bf16::pack_rhs(h.h.data(), h_stride, all, width,
                     s.d_embedding.right.data() + static_cast<std::ptrdiff_t>(first) * width, 1,
                     all / 32);
      float* d_norm = norm_gradients.data() + static_cast<std::ptrdiff_t>(task) * width;
      for (int r = 0; r < real; ++r) {
        const std::int64_t row = rows[static_cast<std::size_t>(pass + first + r)];
        bf16::rmsnorm_backward(h.x.data() + r * width, s.weights + s.layout.final_norm, rstd + r,
                               h.dh.data() + r * width, 1, width, s.dx.data() + row * width,
                               d_norm);
      }
    });
    for (const double l : losses) loss += l;
    if (!backward) continue;
    for (int task = 0; task < tasks; ++task) {
      for (int c = 0; c < width; ++c) {
        s.gradients[s.layout.final_norm + static_cast<std::size_t>(c)] +=
            norm_gradients[static_cast<std::size_t>(task * width + c)];
      }
    }
    s.multiply_gradients({{&s.d_embedding, s.layout.embedding, vocabulary, width}}, padded, padded,
                         kRows);
  }
  return loss;
}

}  // namespace parley::train
