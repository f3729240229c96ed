// A Hugging Face folder as GGUF, with what converters change on the way.
#include <cmath>
#include <numbers>

#include "nn/files/gguf_test_support.hpp"
#include "nn/reference/reference_checkpoint_test_support.hpp"

namespace parley::test {
namespace {

using nn::DType;

class Converter {
 public:
  Converter(const std::filesystem::path& folder, DType dtype)
      : in_(folder), config_(in_.text_config()), dtype_(dtype) {
    arch_ = config_["model_type"];
    if (arch_ == "mistral") arch_ = "llama";
    if (arch_ == "gemma3_text") arch_ = "gemma3";
    gpt2_ = arch_ == "gpt2";
    gemma_ = arch_.rfind("gemma", 0) == 0;
  }

  GgufWriter& convert() {
    metadata();
    for (const auto& [name, tensor] : in_.tensors()) {
      const std::string renamed = rename(name);
      if (!renamed.empty()) add(renamed, tensor);
    }
    return out_;
  }

 private:
  static constexpr const char* kRenames[][2] = {{"model.embed_tokens", "token_embd"},
                                                {"model.norm", "output_norm"},
                                                {"lm_head", "output"},
                                                {"wte", "token_embd"},
                                                {"wpe", "position_embd"},
                                                {"ln_f", "output_norm"},
                                                {"input_layernorm", "attn_norm"},
                                                {"self_attn.q_proj", "attn_q"},
                                                {"self_attn.k_proj", "attn_k"},
                                                {"self_attn.v_proj", "attn_v"},
                                                {"self_attn.qkv_proj", "attn_qkv"},
                                                {"self_attn.o_proj", "attn_output"},
                                                {"self_attn.q_norm", "attn_q_norm"},
                                                {"self_attn.k_norm", "attn_k_norm"},
                                                {"pre_feedforward_layernorm", "ffn_norm"},
                                                {"post_feedforward_layernorm", "post_ffw_norm"},
                                                {"mlp.gate_proj", "ffn_gate"},
                                                {"mlp.up_proj", "ffn_up"},
                                                {"mlp.gate_up_proj", "ffn_up"},
                                                {"mlp.down_proj", "ffn_down"},
                                                {"ln_1", "attn_norm"},
                                                {"ln_2", "ffn_norm"},
                                                {"attn.c_attn", "attn_qkv"},
                                                {"attn.c_proj", "attn_output"},
                                                {"mlp.c_fc", "ffn_up"},
                                                {"mlp.c_proj", "ffn_down"}};

  std::string rename(const std::string& name) const {
    std::string part = name.substr(0, name.rfind('.')), layer;
    const std::string kind = name.substr(name.rfind('.'));
    for (const std::string start : {"model.layers.", "h."}) {
      if (part.rfind(start, 0) != 0) continue;
      const std::size_t dot = part.find('.', start.size());
      layer = "blk." + part.substr(start.size(), dot - start.size()) + ".";
      part = part.substr(dot + 1);
    }
    if (part == "post_attention_layernorm") {
      const bool four = arch_ == "gemma2" || arch_ == "gemma3";
      return layer + (four ? "post_attention_norm" : "ffn_norm") + kind;
    }
    for (const auto& [from, to] : kRenames) {
      if (part == from) return layer + to + kind;
    }
    return {};
  }

  std::size_t count(const char* key) const { return config_[key].get<std::size_t>(); }

  void add(const std::string& name, Tensor tensor) {
    const bool matrix = tensor.shape.size() == 2;
    if (gpt2_ && matrix && name.rfind("blk.", 0) == 0) transpose(tensor);
    if (gemma_ && name.find("norm.") != std::string::npos) {
      for (double& v : tensor.values) v += 1;
    }
    if (arch_ == "llama" || arch_ == "smollm3") {
      if (name.find(".attn_q.") != std::string::npos)
        interleave(tensor, count("num_attention_heads"));
      if (name.find(".attn_k.") != std::string::npos)
        interleave(tensor, count("num_key_value_heads"));
    }
    const std::size_t block = static_cast<std::size_t>(nn::dtype_block(dtype_));
    const DType as = matrix && tensor.columns() % block == 0 ? dtype_ : DType::kF32;
    out_.add_tensor(name, as, tensor.shape, tensor.values);
  }

  static void transpose(Tensor& tensor) {
    const Tensor from = tensor;
    const std::size_t rows = from.rows(), columns = from.columns();
    tensor.shape = {columns, rows};
    for (std::size_t r = 0; r < rows; ++r) {
      for (std::size_t c = 0; c < columns; ++c)
        tensor.values[c * rows + r] = from.values[r * columns + c];
    }
  }

  // The two halves of each head, row by row in turn.
  static void interleave(Tensor& tensor, std::size_t heads) {
    const Tensor from = tensor;
    const std::size_t columns = from.shape.size() == 2 ? from.columns() : 1;
    const std::size_t dim = from.shape[0] / heads;
    for (std::size_t row = 0; row < from.shape[0]; ++row) {
      const std::size_t at = row % dim, half = at / (dim / 2), pair = at % (dim / 2);
      const std::size_t to = row / dim * dim + pair * 2 + half;
      for (std::size_t c = 0; c < columns; ++c)
        tensor.values[to * columns + c] = from.values[row * columns + c];
    }
  }

  void metadata() {
    out_.add_text("general.architecture", arch_);
    const auto u32 = [&](const char* key, const char* from) {
      if (config_.contains(from) && config_[from].is_number())
        out_.add_u32(arch_ + "." + key, config_[from].get<std::uint32_t>());
    };
    const auto f32 = [&](const char* key, const char* from) {
      if (config_.contains(from) && config_[from].is_number())
        out_.add_f32(arch_ + "." + key, config_[from].get<float>());
    };
    u32("context_length", gpt2_ ? "n_positions" : "max_position_embeddings");
    u32("embedding_length", gpt2_ ? "n_embd" : "hidden_size");
    u32("block_count", gpt2_ ? "n_layer" : "num_hidden_layers");
    u32("attention.head_count", gpt2_ ? "n_head" : "num_attention_heads");
    u32("attention.head_count_kv", "num_key_value_heads");
    u32("feed_forward_length", "intermediate_size");
    if (gpt2_) out_.add_u32("gpt2.feed_forward_length", 4 * count("n_embd"));
    u32("attention.key_length", "head_dim");
    u32("attention.value_length", "head_dim");
    u32("attention.sliding_window", "sliding_window");
    u32("attention.sliding_window_pattern", "sliding_window_pattern");
    f32("attention.layer_norm_rms_epsilon", "rms_norm_eps");
    f32("attention.layer_norm_epsilon", "layer_norm_epsilon");
    f32("rope.freq_base", "rope_theta");
    f32("rope.freq_base_swa", "rope_local_base_freq");
    f32("attn_logit_softcapping", "attn_logit_softcapping");
    f32("final_logit_softcapping", "final_logit_softcapping");
    // llama.cpp knows the scale by the size of the model; a tiny one has to say it.
    if (config_.contains("query_pre_attn_scalar")) {
      out_.add_f32(arch_ + ".attention.scale",
                   1 / std::sqrt(config_["query_pre_attn_scalar"].get<float>()));
    }
    if (!gpt2_) rotation();
    const Json& eos = in_.config()["eos_token_id"];
    out_.add_u32("tokenizer.ggml.eos_token_id",
                 (eos.is_array() ? eos[0] : eos).get<std::uint32_t>());
  }

  void rotation() {
    const std::size_t head_dim = config_.contains("head_dim")
                                     ? count("head_dim")
                                     : count("hidden_size") / count("num_attention_heads");
    const auto dims = static_cast<std::uint32_t>(static_cast<double>(head_dim) *
                                                 config_.value("partial_rotary_factor", 1.0));
    out_.add_u32(arch_ + ".rope.dimension_count", dims);
    const Json scaling = config_.value("rope_scaling", Json());
    if (!scaling.is_object()) return;
    const std::string type = scaling.contains("rope_type") ? scaling["rope_type"] : scaling["type"];
    if (type == "llama3") return llama3_divisors(scaling, dims);
    if (type == "longrope") {
      const double original = config_["original_max_position_embeddings"];
      const double stretch = config_["max_position_embeddings"].get<double>() / original;
      out_.add_u32(arch_ + ".rope.scaling.original_context_length",
                   static_cast<std::uint32_t>(original));
      out_.add_f32(arch_ + ".rope.scaling.attn_factor",
                   static_cast<float>(std::sqrt(1 + std::log(stretch) / std::log(original))));
      const auto factors = [&](const char* name, const char* key) {
        const auto values = scaling[key].get<std::vector<double>>();
        out_.add_tensor(name, DType::kF32, {values.size()}, values);
      };
      factors("rope_factors_long.weight", "long_factor");
      factors("rope_factors_short.weight", "short_factor");
      return;
    }
    out_.add_text(arch_ + ".rope.scaling.type", type);
    out_.add_f32(arch_ + ".rope.scaling.factor", scaling["factor"].get<float>());
    if (scaling.contains("original_max_position_embeddings")) {
      out_.add_u32(arch_ + ".rope.scaling.original_context_length",
                   scaling["original_max_position_embeddings"].get<std::uint32_t>());
    }
  }

  void llama3_divisors(const Json& scaling, std::uint32_t dims) {
    const double factor = scaling["factor"], low = scaling["low_freq_factor"],
                 high = scaling["high_freq_factor"],
                 original = scaling["original_max_position_embeddings"],
                 theta = config_["rope_theta"];
    std::vector<double> divisors;
    for (std::uint32_t i = 0; i < dims; i += 2) {
      const double wavelength = 2 * std::numbers::pi * std::pow(theta, double(i) / dims);
      const double smooth = (original / wavelength - low) / (high - low);
      divisors.push_back(wavelength < original / high  ? 1
                         : wavelength > original / low ? factor
                                                       : 1 / ((1 - smooth) / factor + smooth));
    }
    out_.add_tensor("rope_freqs.weight", DType::kF32, {divisors.size()}, divisors);
  }

  Checkpoint in_;
  const Json& config_;
  DType dtype_;
  std::string arch_;
  bool gpt2_ = false, gemma_ = false;
  GgufWriter out_;
};

}  // namespace

void write_gguf_of(const std::filesystem::path& folder, const std::filesystem::path& path,
                   DType dtype, const std::function<void(GgufWriter&)>& add_metadata) {
  Converter converter(folder, dtype);
  GgufWriter& out = converter.convert();
  if (add_metadata) add_metadata(out);
  out.write(path);
}

}  // namespace parley::test
