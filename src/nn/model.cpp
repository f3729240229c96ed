#include "nn/model.hpp"

#include <cmath>

#include "base/error.hpp"
#include "nn/safetensors.hpp"

namespace parley::nn {
namespace {

// Reads tensors, refusing values that are not finite: one NaN would spread to every reply.
class WeightReader {
 public:
  WeightReader(const WeightSource& file, Precision precision, int threads)
      : file_(file), precision_(precision), threads_(threads) {}

  AlignedArray<float> vector(const std::string& name, int n) {
    const TensorView& view = file_.require(name, {n});
    AlignedArray<float> out(static_cast<std::size_t>(n));
    view.read_row(0, out.data());
    check(view, out.data(), n);
    return out;
  }

  // Stacks matrices of `k` columns; part i starts at output row starts[i].
  PackedLinear stack(const std::vector<std::string>& names, const std::vector<int>& rows,
                     const std::vector<int>& starts, int k) {
    std::vector<const TensorView*> views;
    for (std::size_t i = 0; i < names.size(); ++i)
      views.push_back(&file_.require(names[i], {rows[i], k}));
    const PackedLinear::RowSource source = [&](int n, float* out) {
      for (std::size_t i = 0; i < views.size(); ++i) {
        if (n < starts[i] || n >= starts[i] + rows[i]) continue;
        views[i]->read_row(n - starts[i], out);
        check(*views[i], out, k);
        return;
      }
      std::fill(out, out + k, 0.0f);
    };
    const int n = starts.back() + rows.back();
    return precision_ == Precision::kInt8 ? PackedLinear::int8(n, k, source, threads_)
                                          : PackedLinear::float32(n, k, source, threads_);
  }
  PackedLinear matrix(const std::string& name, int n, int k) { return stack({name}, {n}, {0}, k); }

 private:
  static void check(const TensorView& view, const float* values, int n) {
    for (int i = 0; i < n; ++i) {
      if (!std::isfinite(values[i])) {
        fail(ErrorKind::kInvalidInput, "tensor " + view.name + " holds a value that is not finite",
             "the weights are damaged, or training diverged");
      }
    }
  }
  const WeightSource& file_;
  Precision precision_;
  int threads_;
};

}  // namespace

std::unique_ptr<Model> Model::load(const std::filesystem::path& folder, Precision precision,
                                   int threads) {
  std::unique_ptr<Model> model(new Model);
  model->config_ = read_model_config(folder / "config.json");
  model->precision_ = precision;
  model->file_ = open_safetensors(folder);
  const ModelConfig& c = model->config_;
  WeightReader in(*model->file_, precision, threads);
  const int q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  for (int i = 0; i < c.layers; ++i) {
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    const std::string attention = prefix + "self_attn.", mlp = prefix + "mlp.";
    Layer layer;
    layer.input_norm = in.vector(prefix + "input_layernorm.weight", c.width);
    layer.post_attention_norm = in.vector(prefix + "post_attention_layernorm.weight", c.width);
    layer.qkv = in.stack(
        {attention + "q_proj.weight", attention + "k_proj.weight", attention + "v_proj.weight"},
        {q, kv, kv}, {0, q, q + kv}, c.width);
    layer.output = in.matrix(attention + "o_proj.weight", c.width, q);
    layer.gate_up = in.stack({mlp + "gate_proj.weight", mlp + "up_proj.weight"},
                             {c.hidden, c.hidden}, {0, model->up_offset()}, c.width);
    layer.down = in.matrix(mlp + "down_proj.weight", c.width, c.hidden);
    model->layers_.push_back(std::move(layer));
  }
  model->final_norm_ = in.vector("model.norm.weight", c.width);
  model->embedding_ = &model->file_->require("model.embed_tokens.weight", {c.vocabulary, c.width});
  model->head_ = in.matrix(c.tie_embeddings ? "model.embed_tokens.weight" : "lm_head.weight",
                           c.vocabulary, c.width);
  for (const TensorView& view : model->file_->tensors()) model->parameters_ += view.elements();

  const int half = c.head_dim / 2;
  model->rope_cos_ = AlignedArray<float>(static_cast<std::size_t>(c.context) * half);
  model->rope_sin_ = AlignedArray<float>(static_cast<std::size_t>(c.context) * half);
  for (int pair = 0; pair < half; ++pair) {
    const float frequency = rope_frequency(c.rope_theta, pair, c.head_dim);
    for (int position = 0; position < c.context; ++position) {
      const std::size_t at = static_cast<std::size_t>(position) * half + pair;
      rope_cos_sin(position, frequency, model->rope_cos_[at], model->rope_sin_[at]);
    }
  }
  return model;
}

void Model::embedding(std::int32_t token, float* out) const {
  embedding_->read_row(token, out);
}

std::size_t Model::weight_bytes() const {
  std::size_t total = head_.bytes();
  for (const Layer& layer : layers_) {
    total += layer.qkv.bytes() + layer.output.bytes() + layer.gate_up.bytes() + layer.down.bytes();
  }
  return total;
}

}  // namespace parley::nn
