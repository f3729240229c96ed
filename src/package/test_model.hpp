// A small random model for tests: real files of a real folder, written to a temporary place.
#pragma once

#include <filesystem>
#include <random>
#include <utility>
#include <vector>

#include "base/bfloat16.hpp"
#include "base/test_support.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/model/model_config.hpp"
#include "package/model_package.hpp"
#include "prompt/chat_format.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

namespace parley::test {

inline nn::ModelConfig tiny_config(int vocabulary) {
  nn::ModelConfig c;
  c.vocabulary = vocabulary;
  c.width = 96, c.layers = 3, c.heads = 6, c.kv_heads = 2, c.head_dim = 16, c.hidden = 172,
  c.context = 256;
  c.bos = 0, c.eos = 1;
  return c;
}

// Writes config.json, tokenizer.json, tokenizer_config.json and bf16 weights drawn from `seed` into
// `folder`.
inline void write_random_model(const std::filesystem::path& folder, unsigned seed = 1) {
  std::filesystem::create_directories(folder);
  bool given = false;
  text::BpeTrainOptions options;
  options.special_tokens = text::kSpecialTokens;
  options.vocabulary = 330;
  const text::BpeModel bpe = text::train_bpe(
      [&given](std::string& out) {
        out =
            "Hello there, how are you today? I would like a film about the sea, the sea and the "
            "ship.";
        return !std::exchange(given, true);
      },
      options);
  text::write_tokenizer_json(bpe, folder / "tokenizer.json");
  const nn::ModelConfig c = tiny_config(static_cast<int>(bpe.tokens.size()));
  text::write_chat_tokenizer_config(folder / "tokenizer_config.json", c.context);

  std::mt19937 random(seed);
  std::vector<std::vector<std::uint16_t>> owned;
  std::vector<nn::TensorToWrite> tensors;
  owned.reserve(3 + 9 * static_cast<std::size_t>(c.layers));
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, float spread,
                       float center) {
    std::int64_t n = 1;
    for (const std::int64_t d : shape) n *= d;
    std::normal_distribution<float> normal(center, spread);
    std::vector<std::uint16_t> values(static_cast<std::size_t>(n));
    for (auto& v : values) v = nearest_bf16(normal(random));
    owned.push_back(std::move(values));
    tensors.push_back({name, nn::DType::kBF16, std::move(shape), owned.back().data()});
  };
  add("model.embed_tokens.weight", {c.vocabulary, c.width}, 0.6f, 0);
  for (int l = 0; l < c.layers; ++l) {
    const std::string p = "model.layers." + std::to_string(l) + ".";
    add(p + "input_layernorm.weight", {c.width}, 0.1f, 1);
    add(p + "self_attn.q_proj.weight", {c.heads * c.head_dim, c.width}, 0.15f, 0);
    add(p + "self_attn.k_proj.weight", {c.kv_heads * c.head_dim, c.width}, 0.15f, 0);
    add(p + "self_attn.v_proj.weight", {c.kv_heads * c.head_dim, c.width}, 0.15f, 0);
    add(p + "self_attn.o_proj.weight", {c.width, c.heads * c.head_dim}, 0.15f, 0);
    add(p + "post_attention_layernorm.weight", {c.width}, 0.1f, 1);
    add(p + "mlp.gate_proj.weight", {c.hidden, c.width}, 0.15f, 0);
    add(p + "mlp.up_proj.weight", {c.hidden, c.width}, 0.15f, 0);
    add(p + "mlp.down_proj.weight", {c.width, c.hidden}, 0.15f, 0);
  }
  add("model.norm.weight", {c.width}, 0.1f, 1);
  nn::write_safetensors(folder / "model.safetensors", tensors);
  nn::write_model_config(c, folder / "config.json");
}

}  // namespace parley::test
