#include "nn/model/model_config.hpp"

#include <cmath>

#include "base/bfloat16.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "nn/kernels/exact_math.hpp"
#include "nn/model/config_reader.hpp"

namespace parley::nn {
namespace {

constexpr int kMaxContext = 1 << 21;

Activation read_activation(const ConfigReader& in) {
  for (const char* key : {"hidden_activation", "hidden_act", "activation_function"}) {
    if (!in.has(key)) continue;
    const std::string name = in.text(key);
    if (name == "silu" || name == "swish") return Activation::kSilu;
    if (name == "gelu_pytorch_tanh" || name == "gelu_new" || name == "gelu_fast")
      return Activation::kGeluTanh;
    // Gemma 1's config says "gelu"; its own code has always used the tanh form.
    if (name == "gelu" && in.text_or("model_type", "") == "gemma") return Activation::kGeluTanh;
    in.bad(key, "is '" + name + "'", "supported: silu, gelu_pytorch_tanh, gelu_new");
  }
  return Activation::kSilu;
}

std::vector<double> read_factors(const ConfigReader& in, const char* key, int pairs) {
  std::vector<double> out = in.numbers(key);
  if (static_cast<int>(out.size()) != pairs) {
    in.bad(key, "has " + std::to_string(out.size()) + " values",
           "expected one per rotary pair: " + std::to_string(pairs));
  }
  return out;
}

// `rope_scaling`, or transformers 5's `rope_parameters`, which holds rope_theta too.
void read_rope(const ConfigReader& in, ModelConfig& c) {
  c.rope_theta = in.number_or("rope_theta", c.rope_theta);
  const auto check = [&](double theta, const char* key) {
    if (!(theta > 1.0 && theta < 1e12)) in.bad(key, "is out of range", "expected 1 to 1e12");
  };
  check(c.rope_theta, "rope_theta");
  const char* name = in.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
  if (!in.has(name)) return;
  ConfigReader rope = in.object(name);
  if (rope.has("full_attention")) {  // one set per kind of layer (Gemma 3)
    if (rope.has("sliding_attention")) {
      c.local_rope_theta =
          rope.object("sliding_attention").number_or("rope_theta", c.local_rope_theta);
    }
    rope = rope.object("full_attention");
  }
  c.rope_theta = rope.number_or("rope_theta", c.rope_theta);
  check(c.rope_theta, "rope_theta");
  if (rope.has("partial_rotary_factor")) {
    c.rotary_dims = static_cast<int>(c.head_dim * rope.number_or("partial_rotary_factor", 1.0));
  }
  RopeScaling& s = c.rope_scaling;
  const std::string type = rope.text_or("rope_type", rope.text_or("type", "default"));
  s.factor = rope.number_or("factor", 1.0);
  if (!(s.factor >= 1.0 && s.factor < 1e6))
    rope.bad("factor", "is out of range", "expected 1 or more");
  s.original_context = rope.integer_or(
      "original_max_position_embeddings",
      in.integer_or("original_max_position_embeddings", c.context, 1, kMaxContext), 1, kMaxContext);
  if (type == "default") {
    s.type = RopeType::kNone;
  } else if (type == "linear") {
    s.type = RopeType::kLinear;
  } else if (type == "llama3") {
    s.type = RopeType::kLlama3;
    s.low_freq_factor = rope.number_or("low_freq_factor", 1.0);
    s.high_freq_factor = rope.number_or("high_freq_factor", 4.0);
    if (!(s.high_freq_factor > s.low_freq_factor && s.low_freq_factor > 0))
      rope.bad("high_freq_factor", "is not above low_freq_factor");
  } else if (type == "yarn") {
    s.type = RopeType::kYarn;
    s.beta_fast = rope.number_or("beta_fast", 32.0);
    s.beta_slow = rope.number_or("beta_slow", 1.0);
    s.attention_factor = rope.number_or("attention_factor", 0.0);
  } else if (type == "longrope" || type == "su") {
    s.type = RopeType::kLongRope;
    const int pairs = c.rotary() / 2;
    s.short_factor = read_factors(rope, "short_factor", pairs);
    s.long_factor = read_factors(rope, "long_factor", pairs);
    s.attention_factor = rope.number_or("attention_factor", 0.0);
    s.factor = static_cast<double>(c.context) / s.original_context;
  } else {
    rope.bad("rope_type", "is '" + type + "'",
             "supported: default, linear, llama3, yarn, longrope");
  }
}

// Which layers see only a window: `layer_types`, or the rule of the family.
template <typename Rule>
void read_windows(const ConfigReader& in, ModelConfig& c, int window, Rule sliding) {
  c.kinds.resize(static_cast<std::size_t>(c.layers));
  std::vector<std::string> types;
  if (in.has("layer_types")) {
    types = in.texts("layer_types");
    if (static_cast<int>(types.size()) != c.layers) {
      in.bad("layer_types", "has " + std::to_string(types.size()) + " entries",
             "expected num_hidden_layers, " + std::to_string(c.layers));
    }
  }
  for (int i = 0; i < c.layers; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    bool narrow = sliding(i);
    if (!types.empty()) {
      if (types[at] != "full_attention" && types[at] != "sliding_attention")
        in.bad("layer_types", "holds '" + types[at] + "'",
               "supported: full_attention, sliding_attention");
      narrow = types[at] == "sliding_attention";
    }
    if (narrow && window < 1) in.bad("sliding_window", "is missing", "expected a size");
    c.kinds[at].window = narrow ? window : 0;
  }
}

int read_window(const ConfigReader& in) {
  return in.integer_or("sliding_window", 0, 0, 1 << 30);
}

void read_gemma(const ConfigReader& in, ModelConfig& c, int generation) {
  c.norm_plus_one = true;
  c.activation = Activation::kGeluTanh;
  c.tie_embeddings = in.flag_or("tie_word_embeddings", true);
  // The embedding is multiplied by √width as the checkpoint's type holds it.
  const float root = exact_sqrt(static_cast<float>(c.width));
  c.embedding_scale = c.dtype == "bfloat16" ? bf16_value(nearest_bf16(root)) : root;
  if (generation == 1) return;
  c.post_norms = true;
  c.attention_scale =
      1.0f / exact_sqrt(static_cast<float>(in.number_or("query_pre_attn_scalar", 256.0)));
  c.attention_softcap =
      static_cast<float>(in.number_or("attn_logit_softcapping", generation == 2 ? 50.0 : 0.0));
  c.logit_softcap =
      static_cast<float>(in.number_or("final_logit_softcapping", generation == 2 ? 30.0 : 0.0));
  const int window = in.integer_or("sliding_window", generation == 2 ? 4096 : 1024, 1, 1 << 30);
  const int pattern = generation == 2 ? 2
                      : in.has("_sliding_window_pattern")
                          ? in.integer("_sliding_window_pattern", 1, 1024)
                          : in.integer_or("sliding_window_pattern", 6, 1, 1024);
  read_windows(in, c, window, [&](int i) { return (i + 1) % pattern != 0; });
  if (generation == 3) {
    c.qk_norm = true;
    for (LayerKind& kind : c.kinds) kind.local_rope = kind.window > 0;
  }
}

void read_gpt2(const ConfigReader& in, ModelConfig& c) {
  c.norm = Norm::kLayer;
  c.gated = false;
  c.learned_positions = true;
  c.qkv_bias = c.output_bias = c.mlp_bias = true;
  c.tie_embeddings = in.flag_or("tie_word_embeddings", true);
  if (in.flag_or("scale_attn_by_inverse_layer_idx", false))
    in.bad("scale_attn_by_inverse_layer_idx", "is true", "supported: false");
  if (!in.flag_or("scale_attn_weights", true))
    in.bad("scale_attn_weights", "is false", "supported: true");
  c.kinds.assign(static_cast<std::size_t>(c.layers), LayerKind{0, false, false});
}

void read_family(const ConfigReader& in, ModelConfig& c) {
  const std::string& f = c.family;
  if (f == "llama") {
    c.qkv_bias = c.output_bias = in.flag_or("attention_bias", false);
    c.mlp_bias = in.flag_or("mlp_bias", false);
  } else if (f == "mistral") {
    if (const int window = read_window(in)) read_windows(in, c, window, [](int) { return true; });
  } else if (f == "qwen2" || f == "qwen3") {
    c.qkv_bias = f == "qwen2" || in.flag_or("attention_bias", false);
    c.output_bias = f == "qwen3" && in.flag_or("attention_bias", false);
    c.qk_norm = f == "qwen3";
    if (in.flag_or("use_sliding_window", false)) {
      const int from = in.integer_or("max_window_layers", 28, 0, 1 << 20);
      read_windows(in, c, read_window(in), [&](int i) { return i >= from; });
    }
  } else if (f == "smollm3") {
    c.qkv_bias = c.output_bias = in.flag_or("attention_bias", false);
    c.mlp_bias = in.flag_or("mlp_bias", false);
    c.tie_embeddings = in.flag_or("tie_word_embeddings", true);
    const bool windows = in.flag_or("use_sliding_window", false);
    read_windows(in, c, windows ? read_window(in) : 0, [&](int) { return windows; });
    const int interval = in.integer_or("no_rope_layer_interval", 4, 1, 1 << 20);
    std::vector<double> rotary;
    if (in.has("no_rope_layers")) rotary = in.numbers("no_rope_layers");  // 1: turns, 0: does not
    if (!rotary.empty() && static_cast<int>(rotary.size()) != c.layers)
      in.bad("no_rope_layers", "has another length than num_hidden_layers");
    for (int i = 0; i < c.layers; ++i) {
      const std::size_t at = static_cast<std::size_t>(i);
      c.kinds[at].rotary = rotary.empty() ? (i + 1) % interval != 0 : rotary[at] != 0;
    }
  } else if (f == "phi3") {
    if (const int window = read_window(in); window > 0 && window < c.context)
      read_windows(in, c, window, [](int) { return true; });
  } else if (f == "gemma" || f == "gemma2" || f == "gemma3_text") {
    read_gemma(in, c, f == "gemma" ? 1 : f == "gemma2" ? 2 : 3);
  } else if (f == "gpt2") {
    read_gpt2(in, c);
  } else {
    in.bad("model_type", "is '" + f + "'",
           "supported: llama, mistral, qwen2, qwen3, smollm3, phi3, gemma, gemma2, gemma3, gpt2");
  }
}

void read_sizes(const ConfigReader& in, ModelConfig& c) {
  const bool gpt2 = c.family == "gpt2";
  c.vocabulary = in.integer("vocab_size", 1, 1 << 20);
  c.width = in.integer(gpt2 ? "n_embd" : "hidden_size", 1, 1 << 16);
  c.layers = in.integer(gpt2 ? "n_layer" : "num_hidden_layers", 1, 1024);
  c.heads = in.integer(gpt2 ? "n_head" : "num_attention_heads", 1, 1024);
  c.kv_heads = gpt2 ? c.heads : in.integer_or("num_key_value_heads", c.heads, 1, 1024);
  if (c.heads % c.kv_heads != 0)
    in.bad("num_key_value_heads", "does not divide num_attention_heads");
  const bool gemma = c.family.rfind("gemma", 0) == 0;
  c.head_dim = in.integer_or("head_dim", gemma ? 256 : c.width / c.heads, 2, 512);
  if (c.head_dim % 2 != 0 || c.head_dim < 2) in.bad("head_dim", "is odd or zero");
  c.hidden = gpt2 ? in.integer_or("n_inner", 4 * c.width, 1, 1 << 20)
                  : in.integer("intermediate_size", 1, 1 << 20);
  c.context = in.integer(gpt2 ? "n_positions" : "max_position_embeddings", 1, kMaxContext);
  c.norm_epsilon = static_cast<float>(
      in.number_or(gpt2 ? "layer_norm_epsilon" : "rms_norm_eps", gpt2 ? 1e-5 : 1e-6));
  if (!(c.norm_epsilon >= 0.0f && c.norm_epsilon < 1.0f)) in.bad("rms_norm_eps", "is out of range");
  c.rotary_dims = static_cast<int>(c.head_dim * in.number_or("partial_rotary_factor", 1.0));
  if (c.rotary_dims < 2 || c.rotary_dims > c.head_dim)
    in.bad("partial_rotary_factor", "is out of range", "expected above 0 to 1");
}

}  // namespace

float ModelConfig::score_scale() const {
  return attention_scale > 0 ? attention_scale : 1.0f / exact_sqrt(static_cast<float>(head_dim));
}

std::int64_t ModelConfig::parameters() const {
  const std::int64_t attention = std::int64_t{width} * head_dim * (2 * heads + 2 * kv_heads);
  const std::int64_t layer = attention + std::int64_t{gated ? 3 : 2} * width * hidden + 2 * width;
  return std::int64_t{vocabulary} * width * (tie_embeddings ? 1 : 2) + layers * layer + width;
}

ModelConfig parse_model_config(const std::string& text, const std::string& where) {
  const Json root = parse_json(text, where, kJsonDepth, RepeatedName::kLastHolds);
  if (!root.is_object()) fail(ErrorKind::kInvalidInput, where + ": is not a JSON object");
  ConfigReader in(root, where);
  ModelConfig c;
  c.family = in.text_or("model_type", "llama");
  const std::string outer_dtype = in.text_or("torch_dtype", in.text_or("dtype", "float32"));
  const bool outer_tie = in.has("tie_word_embeddings") && in.flag_or("tie_word_embeddings", true);
  if (c.family == "gemma3" && in.has("text_config")) {  // the text part of a multimodal checkpoint
    in = in.object("text_config");
    c.family = "gemma3_text";
  }
  if (in.has("quantization_config"))
    in.bad("quantization_config", "is set", "supported: checkpoints in F32, F16 or BF16, or GGUF");
  c.dtype = in.text_or("torch_dtype", in.text_or("dtype", outer_dtype));
  c.tie_embeddings = in.flag_or("tie_word_embeddings", outer_tie);
  if (c.family == "gemma3_text") c.rope_theta = 1e6;
  // Unknown families end here, before their keys are found missing.
  static const char* const kFamilies[] = {"llama", "mistral", "qwen2",  "qwen3",       "smollm3",
                                          "phi3",  "gemma",   "gemma2", "gemma3_text", "gpt2"};
  bool known = false;
  for (const char* family : kFamilies) known = known || c.family == family;
  if (known) read_sizes(in, c);
  c.activation = known ? read_activation(in) : Activation::kSilu;
  read_family(in, c);
  if (!c.learned_positions) {
    c.local_rope_theta = in.number_or("rope_local_base_freq", c.local_rope_theta);
    read_rope(in, c);
  }
  c.bos = in.token("bos_token_id");
  c.eos_all = in.tokens("eos_token_id");
  c.eos = c.eos_all.empty() ? -1 : c.eos_all.front();
  return c;
}

ModelConfig read_model_config(const std::filesystem::path& path) {
  return parse_model_config(read_file(path, 1u << 20), path.string());
}

void write_model_config(const ModelConfig& c, const std::filesystem::path& path) {
  Json root = {{"architectures", {"LlamaForCausalLM"}},
               {"model_type", "llama"},
               {"hidden_act", "silu"},
               {"vocab_size", c.vocabulary},
               {"hidden_size", c.width},
               {"intermediate_size", c.hidden},
               {"num_hidden_layers", c.layers},
               {"num_attention_heads", c.heads},
               {"num_key_value_heads", c.kv_heads},
               {"head_dim", c.head_dim},
               {"max_position_embeddings", c.context},
               {"rope_theta", c.rope_theta},
               {"rms_norm_eps", static_cast<double>(c.norm_epsilon)},
               {"tie_word_embeddings", c.tie_embeddings},
               {"attention_bias", false},
               {"mlp_bias", false},
               {"torch_dtype", c.dtype},
               {"use_cache", true}};
  if (c.bos >= 0) root["bos_token_id"] = c.bos;
  if (c.eos >= 0) root["eos_token_id"] = c.eos;
  write_file_atomically(path, to_text(root, 2) + "\n");
}

}  // namespace parley::nn
