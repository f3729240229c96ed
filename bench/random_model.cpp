#include "random_model.hpp"

#include <filesystem>
#include <map>
#include <random>

#include "base/bfloat16.hpp"
#include "nn/files/safetensors.hpp"

namespace parley::bench {
namespace {

struct Named {
  std::string name;
  std::vector<std::int64_t> shape;
};

std::vector<Named> tensors_of(const nn::ModelConfig& c) {
  std::vector<Named> out = {{"model.embed_tokens.weight", {c.vocabulary, c.width}},
                            {"model.norm.weight", {c.width}}};
  const int q = c.heads * c.head_dim, kv = c.kv_heads * c.head_dim;
  for (int i = 0; i < c.layers; ++i) {
    const std::string p = "model.layers." + std::to_string(i) + ".";
    out.push_back({p + "input_layernorm.weight", {c.width}});
    out.push_back({p + "post_attention_layernorm.weight", {c.width}});
    out.push_back({p + "self_attn.q_proj.weight", {q, c.width}});
    out.push_back({p + "self_attn.k_proj.weight", {kv, c.width}});
    out.push_back({p + "self_attn.v_proj.weight", {kv, c.width}});
    out.push_back({p + "self_attn.o_proj.weight", {c.width, q}});
    out.push_back({p + "mlp.gate_proj.weight", {c.hidden, c.width}});
    out.push_back({p + "mlp.up_proj.weight", {c.hidden, c.width}});
    out.push_back({p + "mlp.down_proj.weight", {c.width, c.hidden}});
  }
  return out;
}

// One stretch of random bfloat16 values that every tensor reads from its start.
class RandomSource : public nn::WeightSource {
 public:
  explicit RandomSource(const nn::ModelConfig& config) {
    std::size_t most = 0;
    const auto wanted = tensors_of(config);
    for (const Named& t : wanted) {
      std::size_t n = 1;
      for (const auto d : t.shape) n *= static_cast<std::size_t>(d);
      most = std::max(most, n);
    }
    values_.resize(most);
    std::mt19937 random(5);
    std::vector<std::uint16_t> some(1 << 16);
    std::normal_distribution<float> normal(0, 0.05f);
    for (auto& v : some) v = nearest_bf16(normal(random));
    for (std::size_t i = 0; i < most; ++i) values_[i] = some[(i * 40503u) & 0xFFFF];
    for (const Named& t : wanted) {
      nn::TensorView view;
      view.name = t.name;
      view.dtype = nn::DType::kBF16;
      view.shape = t.shape;
      std::size_t n = 1;
      for (const auto d : t.shape) n *= static_cast<std::size_t>(d);
      view.bytes = std::as_bytes(std::span(values_).first(n));
      views_.push_back(view);
    }
    for (const auto& view : views_) by_name_[view.name] = &view;
  }
  const nn::TensorView* find(const std::string& name) const override {
    const auto it = by_name_.find(name);
    return it == by_name_.end() ? nullptr : it->second;
  }
  const std::vector<nn::TensorView>& tensors() const override { return views_; }
  const std::string& where() const override { return where_; }

 private:
  std::string where_ = "random weights";
  std::vector<std::uint16_t> values_;
  std::vector<nn::TensorView> views_;
  std::map<std::string, const nn::TensorView*> by_name_;
};

class Letters : public text::Tokenizer {
 public:
  explicit Letters(int vocabulary) : vocabulary_(vocabulary) {}
  int vocabulary_size() const override { return vocabulary_; }
  void encode(std::string_view text, std::vector<text::TokenId>& out) const override {
    for (const char c : text) out.push_back(static_cast<unsigned char>(c) % 26);
  }
  std::string_view token_bytes(text::TokenId id) const override {
    return std::string_view("abcdefghijklmnopqrstuvwxyz")
        .substr(static_cast<std::size_t>(id % 26), 1);
  }
  void encode_with_special(std::string_view text, std::vector<text::TokenId>& out) const override {
    encode(text, out);
  }
  std::string_view piece(text::TokenId id) const override { return token_bytes(id); }
  text::TokenId find(std::string_view) const override { return -1; }
  bool is_special(text::TokenId) const override { return false; }
  text::TokenId special(std::string_view) const override { return -1; }

 private:
  int vocabulary_;
};

}  // namespace

nn::ModelConfig smollm2_135m() {
  nn::ModelConfig c;
  c.vocabulary = 49152, c.width = 576, c.layers = 30, c.heads = 9, c.kv_heads = 3, c.head_dim = 64;
  c.hidden = 1536, c.context = 8448, c.rope_theta = 100000;
  return c;
}

nn::ModelConfig llama32_1b() {
  nn::ModelConfig c;
  c.vocabulary = 128256, c.width = 2048, c.layers = 16, c.heads = 32, c.kv_heads = 8;
  c.head_dim = 64, c.hidden = 8192, c.context = 8448, c.rope_theta = 500000;
  return c;
}

std::unique_ptr<nn::Model> random_model(const nn::ModelConfig& config,
                                        const nn::ModelOptions& options) {
  return nn::Model::make(config, std::make_unique<RandomSource>(config), options);
}

std::unique_ptr<text::Tokenizer> letters(int vocabulary) {
  return std::make_unique<Letters>(vocabulary);
}

void write_random_model(const nn::ModelConfig& config, const std::string& folder) {
  std::filesystem::create_directories(folder);
  const RandomSource source(config);
  std::vector<nn::TensorToWrite> tensors;
  for (const auto& view : source.tensors())
    tensors.push_back({view.name, view.dtype, view.shape, view.bytes.data()});
  nn::write_safetensors(folder + "/model.safetensors", tensors);
  nn::write_model_config(config, folder + "/config.json");
}

}  // namespace parley::bench
