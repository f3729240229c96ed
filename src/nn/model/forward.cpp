#include "nn/model/forward.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace parley::nn {
namespace {

// Up to this many rows every member norms all of them itself: a row of 2,048 takes about half a
// microsecond, a barrier between two processors about as long.
constexpr int kFewRows = 4;
// Query rows attended together, so that a block's bytes are loaded once for all of them: what the
// widest kernel tile takes.
constexpr int kQueryRows = 16;

std::size_t cells(int rows, int columns) {
  return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
}

}  // namespace

ForwardPass::Quantised::Quantised(const PackedLinear& consumer, int rows)
    : k(consumer.k_padded()), group(consumer.group()) {
  if (consumer.is_float32()) return;
  x = AlignedArray<std::int8_t>(cells(rows, k));
  scale = AlignedArray<float>(cells(rows, k / group));
  sum = AlignedArray<std::int32_t>(cells(rows, k / group));
}

ForwardPass::ForwardPass(const Model& model, const Kernels& kernels, KvCache& cache,
                         ThreadTeam& team, int max_rows, int max_outputs)
    : model_(model),
      kernels_(kernels),
      cache_(cache),
      team_(team),
      max_rows_(max_rows),
      max_outputs_(std::min(max_outputs, max_rows)) {
  const ModelConfig& c = model.config();
  const Layer& layer = model.layers()[0];
  const bool f32 = model.is_float32();
  group_heads_ = c.heads / c.kv_heads;
  rows_per_run_ = std::max(1, kQueryRows / group_heads_);
  qkv_stride_ = layer.qkv.weights.n_padded();
  width_stride_ = layer.down.weights.n_padded();
  attention_stride_ = c.heads * c.head_dim;
  hidden_stride_ = model.hidden_units() * kHiddenUnit;
  vocabulary_stride_ = model.head().n_padded();
  const auto make_state = [&](int rows) {
    State s;
    s.hidden = AlignedArray<float>(cells(rows, c.width));
    s.normed = AlignedArray<float>(cells(rows, c.width));
    s.quantised = Quantised(layer.qkv.weights, rows);
    return s;
  };
  shared_ = make_state(max_rows);
  qkv_ = AlignedArray<float>(cells(max_rows, qkv_stride_));
  attention_ = AlignedArray<float>(cells(max_rows, attention_stride_));
  projected_ = AlignedArray<float>(cells(max_rows, width_stride_));
  if (f32) activated_ = AlignedArray<float>(cells(max_rows, hidden_stride_));
  cosine_ = AlignedArray<float>(cells(2 * max_rows, c.rotary() / 2));
  sine_ = AlignedArray<float>(cells(2 * max_rows, c.rotary() / 2));
  logits_ = AlignedArray<float>(cells(max_outputs_, vocabulary_stride_));
  outputs_ = AlignedArray<float>(cells(max_outputs_, c.width));
  q_attention_ = Quantised(layer.output.weights, max_rows);
  q_hidden_ = Quantised(layer.down.weights, max_rows);
  q_outputs_ = Quantised(model.head(), max_outputs_);
  const int dims = cache.layout().dims;
  if (!f32) {
    queries_.k = dims, queries_.group = kGroup4;
    queries_.x = AlignedArray<std::int8_t>(cells(max_rows * c.heads, dims));
    queries_.scale = AlignedArray<float>(cells(max_rows * c.heads, dims / kGroup4));
    queries_.sum = AlignedArray<std::int32_t>(cells(max_rows * c.heads, dims / kGroup4));
  }
  const int blocks = KvCache::blocks_for(model.context());
  const int query_rows = rows_per_run_ * group_heads_;
  members_.resize(static_cast<std::size_t>(team.size()));
  for (Member& m : members_) {
    m.state = make_state(std::min(kFewRows, max_rows));
    m.columns = AlignedArray<float>(cells(max_rows, 2 * kHiddenUnit));
    m.scratch = AlignedArray<float>(static_cast<std::size_t>(std::max(c.width, c.head_dim)));
    m.scores = AlignedArray<float>(cells(query_rows, blocks * kKvBlock));
    m.k_blocks.resize(static_cast<std::size_t>(blocks));
    m.v_blocks.resize(static_cast<std::size_t>(blocks));
    if (f32) continue;
    m.codes = AlignedArray<std::int8_t>(cells(query_rows, 2 * blocks * kKvBlock));
    m.code_scale = AlignedArray<float>(cells(query_rows, blocks));
    m.code_sum = AlignedArray<std::int32_t>(cells(query_rows, blocks));
    m.inverse = AlignedArray<float>(static_cast<std::size_t>(query_rows));
    m.blocks.resize(static_cast<std::size_t>(blocks));
    m.start.resize(static_cast<std::size_t>(query_rows));
    m.length.resize(static_cast<std::size_t>(query_rows));
    m.out.resize(static_cast<std::size_t>(query_rows));
  }
  runs_.reserve(static_cast<std::size_t>(max_rows));
  output_rows_.reserve(static_cast<std::size_t>(max_rows));
}

ForwardPass::State& ForwardPass::state(int member) {
  return few_ ? members_[static_cast<std::size_t>(member)].state : shared_;
}

// Values [from, from + count) of a row, groups whole.
void ForwardPass::quantise(const float* x, int row, const PackedLinear& consumer, Quantised& into,
                           int from, int count) const {
  if (consumer.is_float32()) return;
  if (count < 0) count = consumer.k();
  const std::size_t groups = cells(row, into.k / into.group) + from / into.group;
  kernels_.quantize(x, count, into.group, into.x.data() + cells(row, into.k) + from,
                    into.scale.data() + groups, into.sum.data() + groups);
}

// Outputs [n_begin, n_end), tiles whole, at y[n - n_begin].
void ForwardPass::linear(const PackedLinear& weights, const Quantised& x, const float* x_f32,
                         int x_stride, int n_begin, int n_end, float* y, int y_stride) const {
  const int rows = static_cast<int>(rows_.size());
  float* base = y - n_begin;
  if (weights.is_float32()) {
    kernels_.linear_f32(
        {x_f32, x_stride, rows, weights.k(), weights.f32(), n_begin, n_end, base, y_stride});
  } else {
    kernels_.linear({x.x.data(), x.scale.data(), x.sum.data(), rows, x.k, weights.bits(),
                     weights.group(), weights.w(), weights.scale(), n_begin, n_end, base,
                     y_stride});
  }
}

void ForwardPass::norm(const NormWeights& weights, const float* x, float* y) const {
  const ModelConfig& c = model_.config();
  if (c.norm == Norm::kLayer) {
    kernels_.layer_norm(x, weights.weight.data(), weights.bias.data(), c.width, c.norm_epsilon, y);
  } else {
    kernels_.rms_norm(x, weights.weight.data(), c.width, c.norm_epsilon, y);
  }
}

void ForwardPass::embed(int member) {
  const ModelConfig& c = model_.config();
  const int count = static_cast<int>(rows_.size()), half = c.rotary() / 2;
  State& s = state(member);
  const auto one = [&](int row) {
    const Row& r = rows_[static_cast<std::size_t>(row)];
    model_.embedding(r.token, r.position, s.hidden.data() + cells(row, c.width),
                     members_[static_cast<std::size_t>(member)].scratch.data());
  };
  const auto turns = [&](int row) {
    const Row& r = rows_[static_cast<std::size_t>(row)];
    if (c.learned_positions) return;
    model_.rope().turn(r.position, cosine_.data() + cells(row, half),
                       sine_.data() + cells(row, half));
    const std::size_t local = cells(max_rows_ + row, half);
    if (!c.kinds.empty())
      model_.local_rope().turn(r.position, cosine_.data() + local, sine_.data() + local);
  };
  if (few_) {
    for (int row = 0; row < count; ++row) one(row);
  }
  team_.share_out(count, 1, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      if (!few_) one(row);
      turns(row);
    }
  });
  team_.barrier();
}

void ForwardPass::add_and_norm(const NormWeights* out_norm, bool add, const NormWeights& next,
                               const PackedLinear& consumer, int member) {
  const ModelConfig& c = model_.config();
  const int count = static_cast<int>(rows_.size());
  State& s = state(member);
  float* scratch = members_[static_cast<std::size_t>(member)].scratch.data();
  const auto one = [&](int row) {
    float* hidden = s.hidden.data() + cells(row, c.width);
    if (add) {
      const float* result = projected_.data() + cells(row, width_stride_);
      if (out_norm) {
        norm(*out_norm, result, scratch);
        result = scratch;
      }
      kernels_.add(hidden, result, c.width);
    }
    float* normed = s.normed.data() + cells(row, c.width);
    norm(next, hidden, normed);
    quantise(normed, row, consumer, s.quantised);
  };
  if (few_) {
    for (int row = 0; row < count; ++row) one(row);
    return;
  }
  team_.share_out(count, 2, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) one(row);
  });
  team_.barrier();
}

void ForwardPass::project(const Linear& layer, const Quantised& x, const float* x_f32,
                          int x_stride) {
  const int count = static_cast<int>(rows_.size());
  team_.share_out(layer.weights.tiles(), 2, [&](int begin, int end) {
    float* y = projected_.data() + begin * kTile;
    linear(layer.weights, x, x_f32, x_stride, begin * kTile, end * kTile, y, width_stride_);
    if (layer.bias.size() == 0) return;
    for (int row = 0; row < count; ++row) {
      kernels_.add(y + cells(row, width_stride_), layer.bias.data() + begin * kTile,
                   (end - begin) * kTile);
    }
  });
  team_.barrier();
}

// One head of one row, fresh from the projection: queries are rotated, scaled and quantised, keys
// rotated and stored, values stored.
void ForwardPass::place_head(const Layer& layer, int index, int head, int row) {
  const ModelConfig& c = model_.config();
  const Row& r = rows_[static_cast<std::size_t>(row)];
  float* x = qkv_.data() + cells(row, qkv_stride_) + head * c.head_dim;
  const bool query = head < c.heads, key = !query && head < c.heads + c.kv_heads;
  if (query || key) {
    if (c.qk_norm) {
      kernels_.rms_norm(x, (query ? layer.q_norm : layer.k_norm).data(), c.head_dim, c.norm_epsilon,
                        x);
    }
    if (layer.kind.rotary && !c.learned_positions) {
      const int half = c.rotary() / 2;
      const std::size_t at = cells((layer.kind.local_rope ? max_rows_ : 0) + row, half);
      kernels_.rotate(x, cosine_.data() + at, sine_.data() + at, half);
    }
  }
  const bool f32 = model_.is_float32();
  if (query) {
    kernels_.scale(x, c.score_scale(), c.head_dim);
    if (f32) return;
    const int slot = (head / group_heads_ * max_rows_ + row) * group_heads_ + head % group_heads_;
    const std::size_t groups = cells(slot, queries_.k / kGroup4);
    kernels_.quantize(x, c.head_dim, kGroup4, queries_.x.data() + cells(slot, queries_.k),
                      queries_.scale.data() + groups, queries_.sum.data() + groups);
    return;
  }
  const int kv_head = (head - c.heads) % c.kv_heads, slot = r.position % kKvBlock;
  std::byte* block = r.sequence->block(r.position / kKvBlock) + cache_.part_offset(index, kv_head);
  if (!f32) {
    (key ? kernels_.store_key : kernels_.store_value)(x, c.head_dim, cache_.layout(), slot, block);
    return;
  }
  auto* floats = reinterpret_cast<float*>(block);
  if (key) {
    float* keys = floats + cells(slot / kLanes * c.head_dim, kLanes) + slot % kLanes;
    for (int d = 0; d < c.head_dim; ++d) keys[cells(d, kLanes)] = x[d];
  } else {
    std::memcpy(floats + cells(kKvBlock, c.head_dim) + cells(slot, c.head_dim), x,
                sizeof(float) * static_cast<std::size_t>(c.head_dim));
  }
}

void ForwardPass::project_qkv(const Layer& layer, int index, int member) {
  const ModelConfig& c = model_.config();
  const State& s = state(member);
  // Whole tiles and whole heads, so that a head can be placed by who computed it.
  const int unit = std::lcm(kTile, c.head_dim);
  const int total = (c.heads + 2 * c.kv_heads) * c.head_dim, units = (total + unit - 1) / unit;
  const int count = static_cast<int>(rows_.size());
  team_.share_out(units, 1, [&](int begin, int end) {
    const int from = begin * unit, to = std::min(end * unit, qkv_stride_);
    float* y = qkv_.data() + from;
    linear(layer.qkv.weights, s.quantised, s.normed.data(), c.width, from, to, y, qkv_stride_);
    for (int row = 0; row < count; ++row) {
      if (layer.qkv.bias.size() != 0)
        kernels_.add(y + cells(row, qkv_stride_), layer.qkv.bias.data() + from, to - from);
      for (int head = from / c.head_dim; head < std::min(to, total) / c.head_dim; ++head)
        place_head(layer, index, head, row);
    }
  });
  team_.barrier();
}

void ForwardPass::split_runs() {
  runs_.clear();
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    if (!runs_.empty() && runs_.back().count < rows_per_run_ &&
        rows_[i].sequence == rows_[i - 1].sequence &&
        rows_[i].position == rows_[i - 1].position + 1) {
      ++runs_.back().count;
    } else {
      runs_.push_back({static_cast<int>(i), 1});
    }
  }
}

bool ForwardPass::attention_quantises_itself(const Layer& layer) const {
  return !layer.output.weights.is_float32() &&
         group_heads_ * model_.config().head_dim % layer.output.weights.group() == 0;
}

void ForwardPass::attend_run(const Layer& layer, int index, int kv_head, const Run& run,
                             Member& own) {
  const ModelConfig& c = model_.config();
  const Row& first = rows_[static_cast<std::size_t>(run.first)];
  const int width = group_heads_ * c.head_dim, column = kv_head * width;
  AttentionArgs a;
  a.rows = run.count * group_heads_;
  const int slot = (kv_head * max_rows_ + run.first) * group_heads_;
  const int groups = queries_.k / kGroup4;
  a.q = queries_.x.data() + cells(slot, queries_.k);
  a.q_scale = queries_.scale.data() + cells(slot, groups);
  a.q_sum = queries_.sum.data() + cells(slot, groups);
  for (int r = 0; r < a.rows; ++r) {
    const std::size_t at = static_cast<std::size_t>(r);
    const int row = run.first + r / group_heads_;
    own.length[at] = rows_[static_cast<std::size_t>(row)].position + 1;
    own.start[at] = layer.kind.window ? std::max(0, own.length[at] - layer.kind.window) : 0;
    own.out[at] =
        attention_.data() + cells(row, attention_stride_) + column + r % group_heads_ * c.head_dim;
  }
  a.first_block = own.start[0] / kKvBlock;
  a.end_block = KvCache::blocks_for(own.length[static_cast<std::size_t>(a.rows - 1)]);
  for (int b = a.first_block; b < a.end_block; ++b) {
    own.blocks[static_cast<std::size_t>(b)] =
        first.sequence->block(b) + cache_.part_offset(index, kv_head);
  }
  a.start = own.start.data(), a.length = own.length.data(), a.out = own.out.data();
  a.layout = cache_.layout(), a.blocks = own.blocks.data(), a.softcap = c.attention_softcap;
  a.stride = (a.end_block - a.first_block) * kKvBlock;
  a.scores = own.scores.data(), a.codes = own.codes.data(), a.inverse = own.inverse.data();
  a.code_scale = own.code_scale.data(), a.code_sum = own.code_sum.data();
  a.head_dim = c.head_dim;
  kernels_.attention_scores(a, a.first_block, a.end_block);
  for (int r = 0; r < a.rows; ++r) kernels_.attention_weights(a, r);
  kernels_.attention_values(a, 0, a.layout.dims);
  if (!attention_quantises_itself(layer)) return;
  for (int row = run.first; row < run.first + run.count; ++row) {
    quantise(attention_.data() + cells(row, attention_stride_) + column, row, layer.output.weights,
             q_attention_, column, width);
  }
}

void ForwardPass::attend_run_f32(const Layer& layer, int index, int kv_head, const Run& run,
                                 Member& own) {
  const ModelConfig& c = model_.config();
  const int column = kv_head * group_heads_ * c.head_dim;
  for (int row = run.first; row < run.first + run.count; ++row) {
    const Row& r = rows_[static_cast<std::size_t>(row)];
    AttentionF32Args a;
    a.q = qkv_.data() + cells(row, qkv_stride_) + column;
    a.heads = group_heads_, a.head_dim = c.head_dim;
    a.length = r.position + 1;
    a.start = layer.kind.window ? std::max(0, a.length - layer.kind.window) : 0;
    for (int b = a.start / kKvBlock; b < KvCache::blocks_for(a.length); ++b) {
      const std::size_t at = static_cast<std::size_t>(b);
      own.k_blocks[at] =
          reinterpret_cast<const float*>(r.sequence->block(b) + cache_.part_offset(index, kv_head));
      own.v_blocks[at] = own.k_blocks[at] + cells(kKvBlock, c.head_dim);
    }
    a.k_blocks = own.k_blocks.data(), a.v_blocks = own.v_blocks.data();
    a.softcap = c.attention_softcap;
    a.scores = own.scores.data();
    a.out = attention_.data() + cells(row, attention_stride_) + column;
    kernels_.attention_f32(a);
  }
}

void ForwardPass::attend(const Layer& layer, int index, int member) {
  const ModelConfig& c = model_.config();
  Member& own = members_[static_cast<std::size_t>(member)];
  team_.share_out(static_cast<int>(runs_.size()) * c.kv_heads, 1, [&](int begin, int end) {
    for (int item = begin; item < end; ++item) {
      const Run& run = runs_[static_cast<std::size_t>(item / c.kv_heads)];
      if (model_.is_float32()) {
        attend_run_f32(layer, index, item % c.kv_heads, run, own);
      } else {
        attend_run(layer, index, item % c.kv_heads, run, own);
      }
    }
  });
  team_.barrier();
  if (model_.is_float32() || attention_quantises_itself(layer)) return;
  team_.share_out(static_cast<int>(rows_.size()), 1, [&](int begin, int end) {
    for (int row = begin; row < end; ++row) {
      quantise(attention_.data() + cells(row, attention_stride_), row, layer.output.weights,
               q_attention_);
    }
  });
  team_.barrier();
}

void ForwardPass::feed_forward(const Layer& layer, int member) {
  const ModelConfig& c = model_.config();
  const State& s = state(member);
  const int count = static_cast<int>(rows_.size());
  const int columns = c.gated ? 2 * kHiddenUnit : kHiddenUnit;
  float* own = members_[static_cast<std::size_t>(member)].columns.data();
  team_.share_out(model_.hidden_units(), 1, [&](int begin, int end) {
    for (int unit = begin; unit < end; ++unit) {
      const int from = unit * columns;
      linear(layer.up.weights, s.quantised, s.normed.data(), c.width, from, from + columns, own,
             columns);
      const int channel = unit * kHiddenUnit;
      for (int row = 0; row < count; ++row) {
        float* y = own + cells(row, columns);
        if (layer.up.bias.size() != 0) kernels_.add(y, layer.up.bias.data() + from, columns);
        float* active =
            model_.is_float32() ? activated_.data() + cells(row, hidden_stride_) + channel : y;
        kernels_.activate(c.activation, y, c.gated ? y + kHiddenUnit : nullptr, kHiddenUnit,
                          active);
        const int left = std::min(kHiddenUnit, q_hidden_.k - channel);
        quantise(active, row, layer.down.weights, q_hidden_, channel, left);
      }
    }
  });
  team_.barrier();
}

void ForwardPass::head(int member) {
  const ModelConfig& c = model_.config();
  const int wanted = static_cast<int>(output_rows_.size());
  const Layer& last = model_.layers().back();
  State& s = state(member);
  float* scratch = members_[static_cast<std::size_t>(member)].scratch.data();
  team_.share_out(wanted, 1, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) {
      const int row = output_rows_[static_cast<std::size_t>(i)];
      // With few rows each member has its own copy, and all are equal.
      float* hidden = s.hidden.data() + cells(row, c.width);
      const float* result = projected_.data() + cells(row, width_stride_);
      if (c.post_norms) {
        norm(last.feed_forward_out, result, scratch);
        result = scratch;
      }
      kernels_.add(hidden, result, c.width);
      float* out = outputs_.data() + cells(i, c.width);
      norm(model_.final_norm(), hidden, out);
      quantise(out, i, model_.head(), q_outputs_);
    }
  });
  team_.barrier();
  if (!any_logits_) return;
  const PackedLinear& w = model_.head();
  team_.share_out(w.tiles(), 4, [&](int begin, int end) {
    const int from = begin * kTile, to = end * kTile;
    float* y = logits_.data() + from;
    if (w.is_float32()) {
      kernels_.linear_f32({outputs_.data(), c.width, wanted, w.k(), w.f32(), from, to,
                           logits_.data(), vocabulary_stride_});
    } else {
      kernels_.linear({q_outputs_.x.data(), q_outputs_.scale.data(), q_outputs_.sum.data(), wanted,
                       q_outputs_.k, w.bits(), w.group(), w.w(), w.scale(), from, to,
                       logits_.data(), vocabulary_stride_});
    }
    if (c.logit_softcap <= 0.0f) return;
    for (int i = 0; i < wanted; ++i)
      kernels_.softcap(y + cells(i, vocabulary_stride_), c.logit_softcap, to - from);
  });
}

std::span<float> ForwardPass::logits(int i) {
  return {logits_.data() + cells(i, vocabulary_stride_),
          static_cast<std::size_t>(model_.config().vocabulary)};
}

std::span<const float> ForwardPass::hidden(int i) const {
  const int width = model_.config().width;
  return {outputs_.data() + cells(i, width), static_cast<std::size_t>(width)};
}

void ForwardPass::run(std::span<const Row> rows) {
  const ModelConfig& c = model_.config();
  rows_ = rows;
  few_ = static_cast<int>(rows.size()) <= kFewRows;
  any_logits_ = false;
  output_rows_.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].wants_logits && !rows[i].wants_hidden) continue;
    output_rows_.push_back(static_cast<int>(i));
    any_logits_ = any_logits_ || rows[i].wants_logits;
  }
  split_runs();
  team_.run([&](int member) {
    embed(member);
    for (int i = 0; i < c.layers; ++i) {
      const Layer& layer = model_.layers()[static_cast<std::size_t>(i)];
      const Layer* before = i > 0 ? &model_.layers()[static_cast<std::size_t>(i) - 1] : nullptr;
      const bool post = c.post_norms;
      add_and_norm(before && post ? &before->feed_forward_out : nullptr, before != nullptr,
                   layer.attention_norm, layer.qkv.weights, member);
      project_qkv(layer, i, member);
      attend(layer, i, member);
      project(layer.output, q_attention_, attention_.data(), attention_stride_);
      add_and_norm(post ? &layer.attention_out : nullptr, true, layer.feed_forward_norm,
                   layer.up.weights, member);
      feed_forward(layer, member);
      project(layer.down, q_hidden_, activated_.data(), hidden_stride_);
    }
    head(member);
  });
}

}  // namespace parley::nn
