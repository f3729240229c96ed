#include "nn/forward.hpp"

#include <algorithm>
#include <cstring>

namespace parley::nn {
namespace {
// Logits are computed for this many rows at a time: a row of a large vocabulary is half a megabyte.
constexpr int kHeadRows = 16;
int pad(int n, int to) {
  return (n + to - 1) / to * to;
}
}  // namespace

ForwardPass::ForwardPass(const Model& model, const Kernels& kernels, KvCache& cache,
                         ThreadTeam& team, int max_rows)
    : model_(model), kernels_(kernels), cache_(cache), team_(team), max_rows_(max_rows) {
  const ModelConfig& c = model.config();
  attention_width_ = c.heads * c.head_dim;
  qkv_stride_ = pad((c.heads + 2 * c.kv_heads) * c.head_dim, kTile);
  width_stride_ = pad(c.width, kTile);
  hidden_stride_ = model.layers()[0].gate_up.n_padded();
  vocabulary_stride_ = model.head().n_padded();
  const auto rows = static_cast<std::size_t>(max_rows);
  hidden_state_ = AlignedArray<float>(rows * c.width);
  normed_ = AlignedArray<float>(rows * c.width);
  qkv_ = AlignedArray<float>(rows * qkv_stride_);
  attention_ = AlignedArray<float>(rows * attention_width_);
  projected_ = AlignedArray<float>(rows * width_stride_);
  gate_up_ = AlignedArray<float>(rows * hidden_stride_);
  activated_ = AlignedArray<float>(rows * c.hidden);
  logits_ = AlignedArray<float>(std::size_t(kHeadRows) * vocabulary_stride_);
  q_width_ = make_quantised(c.width);
  q_attention_ = make_quantised(attention_width_);
  q_hidden_ = make_quantised(c.hidden);
  const int group = c.heads / c.kv_heads;
  const int max_blocks = KvCache::blocks_for(c.context);
  for (int i = 0; i < team.size(); ++i) {
    scores_.emplace_back(static_cast<std::size_t>(group) * max_blocks * kKvBlock);
    k_blocks_.emplace_back(max_blocks);
    v_blocks_.emplace_back(max_blocks);
  }
  head_rows_.reserve(rows);
}

ForwardPass::Quantised ForwardPass::make_quantised(int k) const {
  Quantised out;
  out.k = pad(k, kGroup);
  const auto rows = static_cast<std::size_t>(max_rows_);
  out.x = AlignedArray<std::int8_t>(rows * out.k);
  out.scale = AlignedArray<float>(rows * (out.k / kGroup));
  out.sum = AlignedArray<std::int32_t>(rows * (out.k / kGroup));
  return out;
}

void ForwardPass::quantise_row(const float* x, int k, int row, Quantised& into) const {
  if (model_.precision() == Precision::kFloat32) return;
  const auto r = static_cast<std::size_t>(row);
  const int groups = into.k / kGroup;
  kernels_.quantize(x, k, into.x.data() + r * into.k, into.scale.data() + r * groups,
                    into.sum.data() + r * groups);
}

void ForwardPass::linear(const PackedLinear& weights, const Quantised& x, const float* x_f32,
                         int x_stride, int rows, float* y, int y_stride, int member) const {
  const auto [begin, end] = team_.share(weights.tiles(), member);
  if (begin == end) return;
  if (weights.is_float32()) {
    kernels_.linear_f32({x_f32, x_stride, rows, weights.k(), weights.f32(), begin * kTile,
                         end * kTile, y, y_stride});
  } else {
    kernels_.linear({x.x.data(), x.scale.data(), x.sum.data(), rows, x.k, weights.w(),
                     weights.scale(), begin * kTile, end * kTile, y, y_stride});
  }
}

// Rotates the pairs (i, i + head_dim/2) of a row's queries and keys, scales the queries by
// 1/√head_dim, and writes keys and values to the cache.
void ForwardPass::rotate_and_store(const Row& row, int index, int layer) {
  const ModelConfig& c = model_.config();
  const int half = c.head_dim / 2;
  const float* cosine = model_.rope_cos(row.position);
  const float* sine = model_.rope_sin(row.position);
  float* values = qkv_.data() + static_cast<std::size_t>(index) * qkv_stride_;
  for (int h = 0; h < c.heads + c.kv_heads; ++h) {
    float* x = values + h * c.head_dim;
    for (int i = 0; i < half; ++i) {
      const float a = x[i], b = x[i + half];
      x[i] = a * cosine[i] - b * sine[i];
      x[i + half] = b * cosine[i] + a * sine[i];
    }
  }
  const float scale = 1.0f / exact_sqrt(static_cast<float>(c.head_dim));
  for (int i = 0; i < attention_width_; ++i) values[i] = values[i] * scale;
  float* block = row.sequence->block(row.position / kKvBlock);
  const int at = row.position % kKvBlock;
  for (int h = 0; h < c.kv_heads; ++h) {
    const float* key = values + attention_width_ + h * c.head_dim;
    const float* value = key + c.kv_heads * c.head_dim;
    float* keys = block + cache_.head_offset(layer, h) +
                  static_cast<std::size_t>(at / kLanes) * c.head_dim * kLanes + at % kLanes;
    for (int d = 0; d < c.head_dim; ++d) keys[static_cast<std::size_t>(d) * kLanes] = key[d];
    std::memcpy(block + cache_.head_offset(layer, h) + cache_.value_offset() +
                    static_cast<std::size_t>(at) * c.head_dim,
                value, sizeof(float) * static_cast<std::size_t>(c.head_dim));
  }
}

void ForwardPass::attend(std::span<const Row> rows, int layer, int member) {
  const ModelConfig& c = model_.config();
  const int group = c.heads / c.kv_heads;
  const auto [begin, end] = team_.share(static_cast<int>(rows.size()) * c.kv_heads, member);
  for (int item = begin; item < end; ++item) {
    const int index = item / c.kv_heads, kv_head = item % c.kv_heads;
    const Row& row = rows[static_cast<std::size_t>(index)];
    const int length = row.position + 1;
    const std::size_t offset = cache_.head_offset(layer, kv_head);
    for (int b = 0; b < KvCache::blocks_for(length); ++b) {
      k_blocks_[member][b] = row.sequence->block(b) + offset;
      v_blocks_[member][b] = k_blocks_[member][b] + cache_.value_offset();
    }
    const int first = kv_head * group * c.head_dim;
    kernels_.attention(
        {qkv_.data() + static_cast<std::size_t>(index) * qkv_stride_ + first, group, c.head_dim,
         k_blocks_[member].data(), v_blocks_[member].data(), length, scores_[member].data(),
         attention_.data() + static_cast<std::size_t>(index) * attention_width_ + first});
  }
}

void ForwardPass::layer(std::span<const Row> rows, int index, int member) {
  const ModelConfig& c = model_.config();
  const Layer& l = model_.layers()[static_cast<std::size_t>(index)];
  const int count = static_cast<int>(rows.size());
  const auto [begin, end] = team_.share(count, member);
  const auto norm = [&](int row, const AlignedArray<float>& weight) {
    const std::size_t at = static_cast<std::size_t>(row) * c.width;
    kernels_.rms_norm(hidden_state_.data() + at, weight.data(), c.width, c.norm_epsilon,
                      normed_.data() + at);
    quantise_row(normed_.data() + at, c.width, row, q_width_);
  };
  const auto add_projected = [&](int row) {
    kernels_.add(hidden_state_.data() + static_cast<std::size_t>(row) * c.width,
                 projected_.data() + static_cast<std::size_t>(row) * width_stride_, c.width);
  };

  for (int row = begin; row < end; ++row) norm(row, l.input_norm);
  team_.barrier();
  linear(l.qkv, q_width_, normed_.data(), c.width, count, qkv_.data(), qkv_stride_, member);
  team_.barrier();
  for (int row = begin; row < end; ++row)
    rotate_and_store(rows[static_cast<std::size_t>(row)], row, index);
  team_.barrier();
  attend(rows, index, member);
  team_.barrier();
  for (int row = begin; row < end; ++row) {
    quantise_row(attention_.data() + static_cast<std::size_t>(row) * attention_width_,
                 attention_width_, row, q_attention_);
  }
  team_.barrier();
  linear(l.output, q_attention_, attention_.data(), attention_width_, count, projected_.data(),
         width_stride_, member);
  team_.barrier();
  for (int row = begin; row < end; ++row) {
    add_projected(row);
    norm(row, l.post_attention_norm);
  }
  team_.barrier();
  linear(l.gate_up, q_width_, normed_.data(), c.width, count, gate_up_.data(), hidden_stride_,
         member);
  team_.barrier();
  for (int row = begin; row < end; ++row) {
    const float* gate = gate_up_.data() + static_cast<std::size_t>(row) * hidden_stride_;
    float* active = activated_.data() + static_cast<std::size_t>(row) * c.hidden;
    kernels_.silu_mul(gate, gate + model_.up_offset(), c.hidden, active);
    quantise_row(active, c.hidden, row, q_hidden_);
  }
  team_.barrier();
  linear(l.down, q_hidden_, activated_.data(), c.hidden, count, projected_.data(), width_stride_,
         member);
  team_.barrier();
  for (int row = begin; row < end; ++row) add_projected(row);
}

void ForwardPass::head(std::span<const Row> rows, int member) {
  const ModelConfig& c = model_.config();
  const int wanted = static_cast<int>(head_rows_.size());
  for (int first = 0; first < wanted; first += kHeadRows) {
    const int count = std::min(kHeadRows, wanted - first);
    const auto [begin, end] = team_.share(count, member);
    for (int i = begin; i < end; ++i) {
      const std::size_t from = static_cast<std::size_t>(head_rows_[first + i]) * c.width;
      const std::size_t to = static_cast<std::size_t>(i) * c.width;
      kernels_.rms_norm(hidden_state_.data() + from, model_.final_norm().data(), c.width,
                        c.norm_epsilon, normed_.data() + to);
      quantise_row(normed_.data() + to, c.width, i, q_width_);
    }
    team_.barrier();
    linear(model_.head(), q_width_, normed_.data(), c.width, count, logits_.data(),
           vocabulary_stride_, member);
    team_.barrier();
    for (int i = begin; i < end; ++i) {
      std::memcpy(rows[static_cast<std::size_t>(head_rows_[first + i])].logits,
                  logits_.data() + static_cast<std::size_t>(i) * vocabulary_stride_,
                  sizeof(float) * static_cast<std::size_t>(c.vocabulary));
    }
    team_.barrier();
  }
}

void ForwardPass::run(std::span<const Row> rows) {
  const ModelConfig& c = model_.config();
  head_rows_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].logits) head_rows_.push_back(static_cast<int>(i));
  }
  team_.run([&](int member) {
    const auto [begin, end] = team_.share(static_cast<int>(rows.size()), member);
    for (int row = begin; row < end; ++row) {
      model_.embedding(rows[static_cast<std::size_t>(row)].token,
                       hidden_state_.data() + static_cast<std::size_t>(row) * c.width);
    }
    for (int i = 0; i < c.layers; ++i) {
      layer(rows, i, member);
      // Members own the same rows in the next layer's first phase as in this one's last: no barrier
      // between.
    }
    team_.barrier();
    head(rows, member);
  });
}

}  // namespace parley::nn
