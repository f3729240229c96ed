// Tiny random checkpoints: config.json as each family's class in transformers writes it, and
// weights drawn so that attention is neither flat nor one-hot and logits spread over a few units.
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>

#include "base/json.hpp"
#include "nn/reference_checkpoint_test_support.hpp"
#include "nn/reference_test_support.hpp"

namespace parley::test {
namespace {

struct Sizes {
  std::size_t vocabulary, width, layers, heads, kv_heads, head_dim, hidden;
  int positions;
};

// Odd on purpose: most are multiples of neither a vector nor a block.
Sizes sizes_of(Family family) {
  switch (family) {
    case Family::kLlama:
      return {301, 72, 3, 6, 2, 12, 100, 512};
    case Family::kLlama3:
      return {299, 64, 2, 4, 2, 16, 90, 512};
    case Family::kMistral:
      return {303, 80, 3, 5, 1, 16, 110, 256};
    case Family::kQwen2:
      return {307, 84, 2, 6, 3, 14, 95, 256};
    case Family::kQwen2Yarn:
      return {307, 84, 2, 6, 2, 14, 95, 256};
    case Family::kQwen3:
      return {305, 72, 3, 4, 2, 20, 101, 256};
    case Family::kSmolLm3:
      return {300, 64, 4, 4, 1, 16, 99, 256};
    case Family::kPhi3:
      return {311, 96, 3, 6, 6, 16, 88, 128};
    case Family::kPhi3LongRope:
      return {313, 72, 2, 3, 1, 24, 97, 128};
    case Family::kGemma:
      return {302, 64, 3, 4, 1, 20, 108, 256};
    case Family::kGemma2:
      return {306, 96, 4, 4, 2, 20, 120, 256};
    case Family::kGemma3:
      return {310, 68, 4, 4, 1, 18, 92, 256};
    case Family::kGemma3Multimodal:
      return {310, 76, 4, 4, 2, 18, 94, 256};
    case Family::kGpt2:
      return {297, 70, 3, 5, 5, 14, 280, 96};
  }
  return {};
}

const char* dtype_text(StoredAs dtype) {
  return dtype == StoredAs::kFloat32   ? "float32"
         : dtype == StoredAs::kFloat16 ? "float16"
                                       : "bfloat16";
}

// The keys that the Llama-like classes share.
OrderedJson common_config(const char* architecture, const char* type, const Sizes& s,
                          StoredAs dtype) {
  return {{"architectures", {architecture}},
          {"attention_dropout", 0.0},
          {"bos_token_id", 1},
          {"eos_token_id", 2},
          {"hidden_act", "silu"},
          {"hidden_size", s.width},
          {"initializer_range", 0.02},
          {"intermediate_size", s.hidden},
          {"max_position_embeddings", s.positions},
          {"model_type", type},
          {"num_attention_heads", s.heads},
          {"num_hidden_layers", s.layers},
          {"num_key_value_heads", s.kv_heads},
          {"rms_norm_eps", 1e-5},
          {"rope_theta", 10000.0},
          {"torch_dtype", dtype_text(dtype)},
          {"transformers_version", "4.51.3"},
          {"use_cache", true},
          {"vocab_size", s.vocabulary}};
}

void set(OrderedJson& config, const OrderedJson& more) {
  for (const auto& [key, value] : more.items()) config[key] = value;
}

// Gemma's classes tie the embeddings by default, which their configurations therefore do not say.
OrderedJson gemma_config(const char* architecture, const char* type, const Sizes& s,
                         StoredAs dtype) {
  OrderedJson c = common_config(architecture, type, s, dtype);
  c.erase("hidden_act");
  set(c, {{"attention_bias", false},
          {"bos_token_id", 2},
          {"eos_token_id", {1, 106}},
          {"head_dim", s.head_dim},
          {"hidden_activation", "gelu_pytorch_tanh"},
          {"pad_token_id", 0},
          {"rms_norm_eps", 1e-6}});
  return c;
}

OrderedJson gemma3_config(const Sizes& s, StoredAs dtype) {
  OrderedJson c = gemma_config("Gemma3ForCausalLM", "gemma3_text", s, dtype);
  set(c, {{"attn_logit_softcapping", nullptr},
          {"cache_implementation", "hybrid"},
          {"final_logit_softcapping", nullptr},
          {"query_pre_attn_scalar", 22},
          {"rope_local_base_freq", 10000.0},
          {"rope_scaling", nullptr},
          {"rope_theta", 1000000.0},
          {"sliding_window", 7},
          {"sliding_window_pattern", 3}});
  return c;
}

OrderedJson config_of(Family family, const Sizes& s, StoredAs dtype) {
  const auto qwen = [&](const char* architecture, const char* type) {
    OrderedJson c = common_config(architecture, type, s, dtype);
    set(c, {{"max_window_layers", s.layers},
            {"rms_norm_eps", 1e-6},
            {"rope_theta", 1000000.0},
            {"sliding_window", 32},
            {"tie_word_embeddings", true},
            {"use_sliding_window", false}});
    return c;
  };
  const auto llama = [&](const char* architecture, const char* type, bool tied) {
    OrderedJson c = common_config(architecture, type, s, dtype);
    set(c, {{"attention_bias", false},
            {"mlp_bias", false},
            {"rope_scaling", nullptr},
            {"tie_word_embeddings", tied}});
    return c;
  };
  const auto phi3 = [&](int original, const OrderedJson& scaling, bool tied) {
    OrderedJson c = common_config("Phi3ForCausalLM", "phi3", s, dtype);
    set(c, {{"attention_bias", false},
            {"embd_pdrop", 0.0},
            {"original_max_position_embeddings", original},
            {"pad_token_id", 3},
            {"resid_pdrop", 0.0},
            {"rope_scaling", scaling},
            {"sliding_window", 11},
            {"tie_word_embeddings", tied}});
    return c;
  };
  OrderedJson c;
  switch (family) {
    case Family::kLlama:
      c = llama("LlamaForCausalLM", "llama", false);
      c["pretraining_tp"] = 1;
      break;
    case Family::kLlama3:
      c = llama("LlamaForCausalLM", "llama", true);
      set(c, {{"eos_token_id", {2, 5}},
              {"head_dim", s.head_dim},
              {"rope_scaling",
               {{"factor", 8.0},
                {"high_freq_factor", 4.0},
                {"low_freq_factor", 1.0},
                {"original_max_position_embeddings", 64},
                {"rope_type", "llama3"}}},
              {"rope_theta", 500000.0}});
      break;
    case Family::kMistral:
      c = common_config("MistralForCausalLM", "mistral", s, dtype);
      set(c, {{"sliding_window", 9}, {"tie_word_embeddings", false}});
      break;
    case Family::kQwen2:
      return qwen("Qwen2ForCausalLM", "qwen2");
    case Family::kQwen2Yarn:
      c = qwen("Qwen2ForCausalLM", "qwen2");
      c["rope_scaling"] = {
          {"factor", 4.0}, {"original_max_position_embeddings", 64}, {"type", "yarn"}};
      break;
    case Family::kQwen3:
      c = qwen("Qwen3ForCausalLM", "qwen3");
      set(c, {{"attention_bias", false},
              {"head_dim", s.head_dim},
              {"rope_scaling", nullptr},
              {"sliding_window", nullptr}});
      break;
    case Family::kSmolLm3:
      c = llama("SmolLM3ForCausalLM", "smollm3", true);
      set(c, {{"layer_types", std::vector<std::string>(s.layers, "full_attention")},
              {"max_window_layers", 28},
              {"no_rope_layer_interval", 4},
              {"no_rope_layers", {1, 1, 1, 0}},
              {"rope_theta", 2000000.0},
              {"sliding_window", nullptr},
              {"use_sliding_window", false}});
      break;
    case Family::kPhi3:
      return phi3(s.positions, nullptr, false);
    case Family::kPhi3LongRope: {
      OrderedJson scaling = {{"type", "longrope"}};
      for (int i = 0; i < 9; ++i) {  // pairs in three quarters of a head
        scaling["short_factor"].push_back(1.0 + 0.05 * i);
        scaling["long_factor"].push_back(1.0 + 0.75 * i * i);
      }
      c = phi3(32, scaling, true);
      set(c, {{"partial_rotary_factor", 0.75}, {"sliding_window", 262144}});
      break;
    }
    case Family::kGemma:
      c = gemma_config("GemmaForCausalLM", "gemma", s, dtype);
      c["hidden_act"] = "gelu_pytorch_tanh";
      break;
    case Family::kGemma2:
      c = gemma_config("Gemma2ForCausalLM", "gemma2", s, dtype);
      set(c, {{"attn_logit_softcapping", 6.0},
              {"cache_implementation", "hybrid"},
              {"final_logit_softcapping", 8.0},
              {"hidden_act", "gelu_pytorch_tanh"},
              {"query_pre_attn_scalar", 24},
              {"sliding_window", 8},
              {"sliding_window_size", 8}});
      break;
    case Family::kGemma3:
      return gemma3_config(s, dtype);
    case Family::kGemma3Multimodal: {
      OrderedJson text = gemma3_config(s, dtype);
      for (const char* outside :
           {"architectures", "eos_token_id", "torch_dtype", "transformers_version"})
        text.erase(outside);
      text["rope_scaling"] = {{"factor", 8.0}, {"rope_type", "linear"}};
      return {{"architectures", {"Gemma3ForConditionalGeneration"}},
              {"boi_token_index", 255},
              {"eoi_token_index", 256},
              {"eos_token_id", {1, 106}},
              {"image_token_index", 257},
              {"initializer_range", 0.02},
              {"mm_tokens_per_image", 256},
              {"model_type", "gemma3"},
              {"text_config", text},
              {"torch_dtype", dtype_text(dtype)},
              {"transformers_version", "4.51.3"},
              {"vision_config",
               {{"hidden_size", 16}, {"model_type", "siglip_vision_model"}, {"patch_size", 4}}}};
    }
    case Family::kGpt2:
      return {{"activation_function", "gelu_new"},
              {"architectures", {"GPT2LMHeadModel"}},
              {"attn_pdrop", 0.1},
              {"bos_token_id", 296},
              {"embd_pdrop", 0.1},
              {"eos_token_id", 296},
              {"initializer_range", 0.02},
              {"layer_norm_epsilon", 1e-5},
              {"model_type", "gpt2"},
              {"n_ctx", s.positions},
              {"n_embd", s.width},
              {"n_head", s.heads},
              {"n_inner", nullptr},
              {"n_layer", s.layers},
              {"n_positions", s.positions},
              {"resid_pdrop", 0.1},
              {"torch_dtype", dtype_text(dtype)},
              {"transformers_version", "4.51.3"},
              {"vocab_size", s.vocabulary}};
  }
  return c;
}

struct Drawn {
  std::string name, dtype;
  std::vector<std::size_t> shape;
  std::string bytes;
};

class Weights {
 public:
  Weights(std::uint32_t seed, StoredAs dtype) : random_(seed), dtype_(dtype) {}

  void add(const std::string& name, std::vector<std::size_t> shape, double spread,
           double center = 0) {
    std::size_t count = 1;
    for (const std::size_t d : shape) count *= d;
    std::normal_distribution<double> normal(center, spread);
    Drawn tensor{name, {}, std::move(shape), {}};
    for (std::size_t i = 0; i < count; ++i) append(normal(random_), tensor.bytes);
    tensor.dtype = dtype_ == StoredAs::kFloat32   ? "F32"
                   : dtype_ == StoredAs::kFloat16 ? "F16"
                                                  : "BF16";
    tensors_.push_back(std::move(tensor));
  }
  // A matrix whose results are about as large as its inputs.
  void matrix(const std::string& name, std::size_t outputs, std::size_t inputs, double gain = 1) {
    add(name, {outputs, inputs}, gain / std::sqrt(static_cast<double>(inputs)));
  }
  // A lower-triangular mask of flags, which old checkpoints carry along.
  void mask(const std::string& name, std::size_t positions) {
    Drawn tensor{name, "BOOL", {1, 1, positions, positions}, {}};
    for (std::size_t i = 0; i < positions * positions; ++i)
      tensor.bytes += i % positions <= i / positions ? '\1' : '\0';
    tensors_.push_back(std::move(tensor));
  }
  const std::vector<Drawn>& tensors() const { return tensors_; }

 private:
  void append(double value, std::string& out) const {
    const auto rounded =
        static_cast<float>(dtype_ == StoredAs::kFloat32   ? value
                           : dtype_ == StoredAs::kFloat16 ? nearest_float16(value)
                                                          : nearest_bfloat16(value));
    char bytes[4];
    if (dtype_ == StoredAs::kFloat16) {
      const auto half = static_cast<_Float16>(rounded);
      std::memcpy(bytes, &half, 2);
      out.append(bytes, 2);
      return;
    }
    std::memcpy(bytes, &rounded, 4);
    if (dtype_ == StoredAs::kFloat32) out.append(bytes, 4);
    if (dtype_ == StoredAs::kBFloat16) out.append(bytes + 2, 2);  // the high half
  }
  std::mt19937 random_;
  StoredAs dtype_;
  std::vector<Drawn> tensors_;
};

void draw_gpt2(const Sizes& s, Weights& w) {
  const auto conv = [&](const std::string& name, std::size_t inputs, std::size_t outputs,
                        double gain) {
    w.add(name + ".weight", {inputs, outputs}, gain / std::sqrt(static_cast<double>(inputs)));
    w.add(name + ".bias", {outputs}, 0.2);
  };
  const auto norm = [&](const std::string& name) {
    w.add(name + ".weight", {s.width}, 0.2, 1);
    w.add(name + ".bias", {s.width}, 0.2);
  };
  w.add("wte.weight", {s.vocabulary, s.width}, 0.3);
  w.add("wpe.weight", {static_cast<std::size_t>(s.positions), s.width}, 0.2);
  for (std::size_t i = 0; i < s.layers; ++i) {
    const std::string p = "h." + std::to_string(i) + ".";
    norm(p + "ln_1");
    w.mask(p + "attn.bias", static_cast<std::size_t>(s.positions));
    conv(p + "attn.c_attn", s.width, 3 * s.width, 1.4);
    conv(p + "attn.c_proj", s.width, s.width, 1);
    norm(p + "ln_2");
    conv(p + "mlp.c_fc", s.width, s.hidden, 1);
    conv(p + "mlp.c_proj", s.hidden, s.width, 1);
  }
  norm("ln_f");
}

void draw(Family family, const Sizes& s, bool tied, Weights& w) {
  if (family == Family::kGpt2) return draw_gpt2(s, w);
  const bool multimodal = family == Family::kGemma3Multimodal;
  const bool gemma3 = multimodal || family == Family::kGemma3;
  const bool gemma = gemma3 || family == Family::kGemma || family == Family::kGemma2;
  const bool fused = family == Family::kPhi3 || family == Family::kPhi3LongRope;
  const bool biased = family == Family::kQwen2 || family == Family::kQwen2Yarn;
  const bool qk_norm = gemma3 || family == Family::kQwen3;
  const std::string model = multimodal ? "language_model.model." : "model.";
  const auto norm = [&](const std::string& name, std::size_t size) {
    w.add(name + ".weight", {size}, 0.2, gemma ? 0 : 1);  // Gemma's scale by 1 + weight
  };
  const std::size_t q = s.heads * s.head_dim, kv = s.kv_heads * s.head_dim;
  w.add(model + "embed_tokens.weight", {s.vocabulary, s.width}, 0.3);
  for (std::size_t i = 0; i < s.layers; ++i) {
    const std::string p = model + "layers." + std::to_string(i) + ".", a = p + "self_attn.",
                      m = p + "mlp.";
    norm(p + "input_layernorm", s.width);
    if (fused) {
      w.matrix(a + "qkv_proj.weight", q + 2 * kv, s.width, 1.4);
      w.matrix(m + "gate_up_proj.weight", 2 * s.hidden, s.width);
    } else {
      w.matrix(a + "q_proj.weight", q, s.width, 1.4);
      w.matrix(a + "k_proj.weight", kv, s.width, 1.4);
      w.matrix(a + "v_proj.weight", kv, s.width);
      w.matrix(m + "gate_proj.weight", s.hidden, s.width);
      w.matrix(m + "up_proj.weight", s.hidden, s.width);
    }
    if (biased) {
      w.add(a + "q_proj.bias", {q}, 0.5);
      w.add(a + "k_proj.bias", {kv}, 0.5);
      w.add(a + "v_proj.bias", {kv}, 0.5);
    }
    if (qk_norm) {
      norm(a + "q_norm", s.head_dim);
      norm(a + "k_norm", s.head_dim);
    }
    w.matrix(a + "o_proj.weight", s.width, q);
    norm(p + "post_attention_layernorm", s.width);
    if (gemma3 || family == Family::kGemma2) {
      norm(p + "pre_feedforward_layernorm", s.width);
      norm(p + "post_feedforward_layernorm", s.width);
    }
    w.matrix(m + "down_proj.weight", s.width, s.hidden);
  }
  norm(model + "norm", s.width);
  if (!tied) w.matrix("lm_head.weight", s.vocabulary, s.width, 2.5);
  if (multimodal) {
    w.add("multi_modal_projector.mm_input_projection_weight", {16, s.width}, 0.1);
    w.add("vision_tower.vision_model.post_layernorm.weight", {16}, 0.1, 1);
  }
}

void write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), std::ssize(bytes));
}

void write_shard(const std::filesystem::path& path, std::span<const Drawn> tensors) {
  OrderedJson header = {{"__metadata__", {{"format", "pt"}}}};
  std::string body;
  for (const Drawn& tensor : tensors) {
    header[tensor.name] = {{"dtype", tensor.dtype},
                           {"shape", tensor.shape},
                           {"data_offsets", {body.size(), body.size() + tensor.bytes.size()}}};
    body += tensor.bytes;
  }
  const std::string text = header.dump();
  const std::uint64_t size = text.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &size, 8);
  write_file(path, file + text + body);
}

void write_sharded(const std::filesystem::path& folder, std::span<const Drawn> tensors) {
  OrderedJson index = {{"metadata", OrderedJson::object()}, {"weight_map", OrderedJson::object()}};
  std::size_t total = 0, from = 0;
  for (std::size_t shard = 1; shard <= 3; ++shard) {
    const std::size_t to = tensors.size() * shard / 3;
    const std::string name = "model-0000" + std::to_string(shard) + "-of-00003.safetensors";
    write_shard(folder / name, tensors.subspan(from, to - from));
    for (; from < to; ++from) {
      index["weight_map"][tensors[from].name] = name;
      total += tensors[from].bytes.size();
    }
  }
  index["metadata"]["total_size"] = total;
  write_file(folder / "model.safetensors.index.json", index.dump(2) + "\n");
}

}  // namespace

std::string family_name(Family family) {
  static constexpr const char* kNames[] = {
      "Llama",        "Llama3", "Mistral", "Qwen2",  "Qwen2Yarn",        "Qwen3", "SmolLm3", "Phi3",
      "Phi3LongRope", "Gemma",  "Gemma2",  "Gemma3", "Gemma3Multimodal", "Gpt2"};
  return kNames[static_cast<std::size_t>(family)];
}

void write_tiny_checkpoint(const std::filesystem::path& folder, Family family, std::uint32_t seed,
                           StoredAs dtype) {
  std::filesystem::create_directories(folder);
  const Sizes sizes = sizes_of(family);
  OrderedJson config = config_of(family, sizes, dtype);
  write_file(folder / "config.json", config.dump(2) + "\n");
  Weights weights(seed, dtype);
  draw(family, sizes, config.value("tie_word_embeddings", true), weights);
  if (family == Family::kMistral)
    write_sharded(folder, weights.tensors());
  else
    write_shard(folder / "model.safetensors", weights.tensors());
}

std::vector<std::int32_t> random_tokens(int vocabulary, int count, std::uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_int_distribution<std::int32_t> token(0, vocabulary - 1);
  std::vector<std::int32_t> out(static_cast<std::size_t>(count));
  for (auto& t : out) t = token(random);
  return out;
}

}  // namespace parley::test
