// A model out of named tensors: each linear layer stacked, quantised and packed.

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "nn/model/model.hpp"

namespace parley::nn {
namespace {

// Part of a stacked matrix: rows of one tensor, from output `start` on.
struct Part {
  const TensorView* tensor;
  int first_row = 0, rows = 0, start = 0;
};

// Reads tensors, refusing values that are not finite: one NaN would spread to every reply.
class WeightReader {
 public:
  WeightReader(const WeightSource& source, const ModelConfig& config, const ModelOptions& options)
      : source_(source), c_(config), options_(options) {}

  bool has(const std::string& name) const { return source_.find(name) != nullptr; }

  AlignedArray<float> vector(const std::string& name, int n, int padded = 0) const {
    const TensorView& view = source_.require(name, {n});
    AlignedArray<float> out(static_cast<std::size_t>(std::max(n, padded)));
    view.read_row(0, out.data());
    check(view, out.data(), n);
    return out;
  }

  NormWeights norm(const std::string& name) const {
    NormWeights out;
    out.weight = vector(name + ".weight", c_.width);
    if (c_.norm_plus_one) add_one(out.weight);
    if (c_.norm == Norm::kLayer) out.bias = vector(name + ".bias", c_.width);
    return out;
  }

  AlignedArray<float> head_norm(const std::string& name) const {
    AlignedArray<float> out = vector(name + ".weight", c_.head_dim);
    if (c_.norm_plus_one) add_one(out);
    return out;
  }

  PackedLinear stack(const std::vector<Part>& parts, int n, int k) const {
    const PackedLinear::RowSource rows = [&](int row, float* out) {
      for (const Part& part : parts) {
        if (row < part.start || row >= part.start + part.rows) continue;
        part.tensor->read_row(part.first_row + row - part.start, out);
        check(*part.tensor, out, k);
        return;
      }
      std::fill(out, out + k, 0.0f);
    };
    return PackedLinear::pack(options_.precision, n, k, rows, options_.threads);
  }
  PackedLinear matrix(const std::string& name, int n, int k) const {
    return stack({{&source_.require(name, {n, k}), 0, n, 0}}, n, k);
  }

  // `parts` as stack() places them, with the first name for the weights and ".bias" beside.
  AlignedArray<float> stack_bias(const std::vector<std::string>& names,
                                 const std::vector<Part>& parts, int padded) const {
    AlignedArray<float> out(static_cast<std::size_t>(padded));
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const int whole = static_cast<int>(parts[i].tensor->shape[0]);
      const AlignedArray<float> values = vector(names[i] + ".bias", whole);
      std::copy_n(values.data() + parts[i].first_row, parts[i].rows, out.data() + parts[i].start);
    }
    return out;
  }

  Layer layer(int index) const {
    const std::string prefix = "model.layers." + std::to_string(index) + ".";
    Layer out;
    out.kind = c_.kind(index);
    out.attention_norm = norm(prefix + "input_layernorm");
    if (c_.post_norms) {
      out.attention_out = norm(prefix + "post_attention_layernorm");
      out.feed_forward_norm = norm(prefix + "pre_feedforward_layernorm");
      out.feed_forward_out = norm(prefix + "post_feedforward_layernorm");
    } else {
      out.feed_forward_norm = norm(prefix + "post_attention_layernorm");
    }
    read_attention(prefix + "self_attn.", out);
    read_feed_forward(prefix + "mlp.", out);
    return out;
  }

 private:
  void read_attention(const std::string& prefix, Layer& out) const {
    const int q = c_.heads * c_.head_dim, kv = c_.kv_heads * c_.head_dim, n = q + 2 * kv;
    std::vector<std::string> names;
    std::vector<Part> parts;
    if (has(prefix + "qkv_proj.weight")) {  // Phi-3 and GPT-2 keep the three in one
      names = {prefix + "qkv_proj"};
      parts = {{&source_.require(names[0] + ".weight", {n, c_.width}), 0, n, 0}};
    } else {
      names = {prefix + "q_proj", prefix + "k_proj", prefix + "v_proj"};
      const int rows[] = {q, kv, kv}, starts[] = {0, q, q + kv};
      for (int i = 0; i < 3; ++i) {
        parts.push_back(
            {&source_.require(names[static_cast<std::size_t>(i)] + ".weight", {rows[i], c_.width}),
             0, rows[i], starts[i]});
      }
    }
    out.qkv.weights = stack(parts, n, c_.width);
    if (c_.qkv_bias) out.qkv.bias = stack_bias(names, parts, out.qkv.weights.n_padded());
    out.output.weights = matrix(prefix + "o_proj.weight", c_.width, q);
    if (c_.output_bias)
      out.output.bias = vector(prefix + "o_proj.bias", c_.width, out.output.weights.n_padded());
    if (c_.qk_norm) {
      out.q_norm = head_norm(prefix + "q_norm");
      out.k_norm = head_norm(prefix + "k_norm");
    }
  }

  void read_feed_forward(const std::string& prefix, Layer& out) const {
    const int units = (c_.hidden + kHiddenUnit - 1) / kHiddenUnit;
    std::vector<std::string> names;
    std::vector<Part> parts;
    const auto add_units = [&](const std::string& name, const TensorView& tensor, int first_row,
                               int offset, int stride) {
      for (int u = 0; u < units; ++u) {
        const int rows = std::min(kHiddenUnit, c_.hidden - u * kHiddenUnit);
        parts.push_back({&tensor, first_row + u * kHiddenUnit, rows, u * stride + offset});
        names.push_back(name);
      }
    };
    const int stride = c_.gated ? 2 * kHiddenUnit : kHiddenUnit;
    if (!c_.gated) {
      add_units(prefix + "up_proj",
                source_.require(prefix + "up_proj.weight", {c_.hidden, c_.width}), 0, 0, stride);
    } else if (has(prefix + "gate_up_proj.weight")) {  // Phi-3: all gates, then all ups
      const TensorView& both =
          source_.require(prefix + "gate_up_proj.weight", {2 * c_.hidden, c_.width});
      add_units(prefix + "gate_up_proj", both, 0, 0, stride);
      add_units(prefix + "gate_up_proj", both, c_.hidden, kHiddenUnit, stride);
    } else {
      const std::vector<std::int64_t> shape = {c_.hidden, c_.width};
      add_units(prefix + "gate_proj", source_.require(prefix + "gate_proj.weight", shape), 0, 0,
                stride);
      add_units(prefix + "up_proj", source_.require(prefix + "up_proj.weight", shape), 0,
                kHiddenUnit, stride);
    }
    out.up.weights = stack(parts, units * stride, c_.width);
    out.down.weights = matrix(prefix + "down_proj.weight", c_.width, c_.hidden);
    if (c_.mlp_bias) {
      out.up.bias = stack_bias(names, parts, out.up.weights.n_padded());
      out.down.bias = vector(prefix + "down_proj.bias", c_.width, out.down.weights.n_padded());
    }
  }

  static void add_one(AlignedArray<float>& values) {
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = 1.0f + values[i];
  }
  void check(const TensorView& view, const float* values, int n) const {
    // Without a branch a value, so that eight are looked at together.
    bool finite = true;
    for (int i = 0; i < n; ++i)
      finite &= std::fabs(values[i]) < std::numeric_limits<float>::infinity();
    if (finite) return;
    fail(ErrorKind::kInvalidInput,
         source_.where() + ": tensor " + view.name + " holds a value that is not finite",
         "the weights are damaged, or training diverged");
  }

  const WeightSource& source_;
  const ModelConfig& c_;
  const ModelOptions& options_;
};

}  // namespace

std::unique_ptr<Model> Model::make(ModelConfig config, std::unique_ptr<WeightSource> source,
                                   const ModelOptions& options) {
  std::unique_ptr<Model> model(new Model);
  model->config_ = std::move(config);
  model->source_ = std::move(source);
  model->precision_ = options.precision;
  const ModelConfig& c = model->config_;
  model->context_ = options.context > 0 ? std::min(options.context, c.context) : c.context;
  const WeightReader in(*model->source_, c, options);
  for (int i = 0; i < c.layers; ++i) model->layers_.push_back(in.layer(i));
  model->final_norm_ = in.norm("model.norm");
  const std::string embedding = "model.embed_tokens.weight";
  model->embedding_ = &model->source_->require(embedding, {c.vocabulary, c.width});
  if (c.learned_positions)
    model->positions_ =
        &model->source_->require("model.embed_positions.weight", {c.context, c.width});
  model->head_ = in.matrix(c.tie_embeddings ? embedding : "lm_head.weight", c.vocabulary, c.width);
  for (const TensorView& view : model->source_->tensors()) model->parameters_ += view.elements();
  model->rope_ = make_rope(c, false, model->context_);
  model->local_rope_ = make_rope(c, true, model->context_);
  return model;
}

}  // namespace parley::nn
