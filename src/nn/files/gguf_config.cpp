#include "nn/files/gguf_config.hpp"

#include <algorithm>
#include <cmath>

#include "base/bfloat16.hpp"
#include "base/error.hpp"

namespace parley::nn {
namespace {

// What an architecture is without asking the file.
struct Architecture {
  const char* name;
  const char* family;  // ModelConfig's
  bool gemma = false;
  bool post_norms = false;
  bool qk_norm = false;
  int window_period = 0;  // every period-th layer sees everything; 1: none does; 0: no windows
  int rotary_period = 0;  // every period-th layer does not turn; 0: all do
};
constexpr Architecture kArchitectures[] = {
    {.name = "llama", .family = "llama", .window_period = 1},
    {.name = "qwen2", .family = "qwen2"},
    {.name = "qwen3", .family = "qwen3", .qk_norm = true},
    {.name = "phi3", .family = "phi3", .window_period = 1},
    {.name = "gemma", .family = "gemma", .gemma = true},
    {.name = "gemma2", .family = "gemma2", .gemma = true, .post_norms = true, .window_period = 2},
    {.name = "gemma3",
     .family = "gemma3_text",
     .gemma = true,
     .post_norms = true,
     .qk_norm = true,
     .window_period = 6},
    {.name = "gpt2", .family = "gpt2"},
    {.name = "smollm3", .family = "smollm3", .rotary_period = 4},
};

class GgufConfigReader {
 public:
  explicit GgufConfigReader(const GgufFile& file) : file_(file), arch_(architecture()) {}

  ModelConfig read() {
    if (has("expert_count") && integer("expert_count", 0, 0, 4096) > 0)
      bad(key("expert_count"), "is set", "mixtures of experts are not supported");
    sizes();
    norms();
    rotation();
    windows();
    scores();
    tokens();
    return c_;
  }

 private:
  const Architecture& architecture() {
    for (const Architecture& known : kArchitectures) {
      if (file_.architecture() == known.name) return known;
    }
    bad("general.architecture", "is '" + file_.architecture().substr(0, 40) + "'",
        "supported: " + gguf_architectures());
  }

  [[noreturn]] void bad(const std::string& name, const std::string& why,
                        const std::string& hint) const {
    fail(ErrorKind::kInvalidInput, file_.where() + ": key " + name + " " + why, hint);
  }
  std::string key(const char* name) const { return file_.architecture() + "." + name; }
  bool has(const char* name) const { return file_.has(key(name)); }

  int checked(const std::string& name, std::int64_t value, std::int64_t low,
              std::int64_t high) const {
    if (value < low || value > high) {
      bad(name, "is " + std::to_string(value),
          "supported: " + std::to_string(low) + " to " + std::to_string(high));
    }
    return static_cast<int>(value);
  }
  int integer(const char* name, int fallback, int low, int high) const {
    return checked(key(name), file_.integer(key(name)).value_or(fallback), low, high);
  }
  // A number that some files give once and some for each layer.
  int per_layer(const char* name, int low, int high) const {
    const std::string full = key(name);
    if (!file_.has(full)) bad(full, "is missing", "convert the model again");
    if (!file_.is_list(full)) return checked(full, *file_.integer(full), low, high);
    const std::vector<std::int64_t> values = *file_.integers(full);
    if (values.empty() ||
        std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) != values.end()) {
      bad(full, "differs from layer to layer", "only models with equal layers are supported");
    }
    return checked(full, values[0], low, high);
  }
  int needed(const char* name, int low, int high) const {
    if (!has(name)) bad(key(name), "is missing", "convert the model again");
    return integer(name, 0, low, high);
  }
  double number(const char* name, double fallback, double low, double high) const {
    const double value = file_.number(key(name)).value_or(fallback);
    if (!(value >= low && value <= high))
      bad(key(name), "is " + std::to_string(value), "the file is damaged; convert it again");
    return value;
  }

  void sizes() {
    c_.family = arch_.family;
    c_.layers = needed("block_count", 1, 1024);
    c_.width = needed("embedding_length", 1, 1 << 16);
    c_.context = needed("context_length", 1, 1 << 24);
    c_.heads = per_layer("attention.head_count", 1, 1024);
    c_.kv_heads =
        has("attention.head_count_kv") ? per_layer("attention.head_count_kv", 1, 1024) : c_.heads;
    if (c_.heads % c_.kv_heads != 0) {
      bad(key("attention.head_count_kv"),
          "does not divide the " + std::to_string(c_.heads) + " heads", "convert the model again");
    }
    c_.head_dim = integer("attention.key_length", c_.width / c_.heads, 2, 1024);
    if (c_.head_dim % 2 != 0)
      bad(key("attention.key_length"), "is odd", "an even size is supported");
    if (integer("attention.value_length", c_.head_dim, 1, 1024) != c_.head_dim)
      bad(key("attention.value_length"), "differs from key_length", "supported: equal lengths");
    c_.hidden = per_layer("feed_forward_length", 1, 1 << 20);

    const TensorView* embedding = file_.find("token_embd.weight");
    if (!embedding || embedding->shape.size() != 2 || embedding->shape[1] != c_.width) {
      const std::string found = embedding ? "has shape " + shape_text(embedding->shape)
                                          : "is missing or of a type that is not read";
      fail(ErrorKind::kInvalidInput, file_.where() + ": tensor token_embd.weight " + found,
           "expected [vocabulary, " + std::to_string(c_.width) + "]");
    }
    c_.vocabulary = checked("of token_embd.weight's rows", embedding->shape[0], 1, 1 << 20);
    c_.dtype = embedding->dtype == DType::kF32   ? "float32"
               : embedding->dtype == DType::kF16 ? "float16"
                                                 : "bfloat16";
    c_.tie_embeddings = !tensor("output.weight");
    c_.qkv_bias = tensor("blk.0.attn_q.bias") || tensor("blk.0.attn_qkv.bias");
    c_.output_bias = tensor("blk.0.attn_output.bias");
    c_.mlp_bias = tensor("blk.0.ffn_up.bias");
  }

  bool tensor(const char* name) const {
    if (file_.find(name)) return true;
    const auto& others = file_.tensors().unreadable;
    return std::any_of(others.begin(), others.end(), [&](const auto& t) { return t.name == name; });
  }

  void norms() {
    const bool gpt2 = is("gpt2");
    c_.norm = gpt2 ? Norm::kLayer : Norm::kRms;
    const char* epsilon =
        gpt2 ? "attention.layer_norm_epsilon" : "attention.layer_norm_rms_epsilon";
    if (!has(epsilon)) bad(key(epsilon), "is missing", "convert the model again");
    c_.norm_epsilon = static_cast<float>(number(epsilon, 0, 0, 0.999));
    c_.post_norms = arch_.post_norms;
    c_.qk_norm = arch_.qk_norm;
    c_.activation = gpt2 || arch_.gemma ? Activation::kGeluTanh : Activation::kSilu;
    c_.gated = !gpt2;
    c_.learned_positions = gpt2;
    if (arch_.gemma) {
      c_.embedding_scale = std::sqrt(static_cast<float>(c_.width));
      if (c_.dtype != "float32") c_.embedding_scale = bf16_value(nearest_bf16(c_.embedding_scale));
    }
  }

  void rotation() {
    if (c_.learned_positions) return;
    c_.rope_theta = number("rope.freq_base", 10000.0, 1.0, 1e12);
    c_.local_rope_theta = number("rope.freq_base_swa", 10000.0, 1.0, 1e12);
    const int turning = integer("rope.dimension_count", c_.head_dim, 2, c_.head_dim);
    if (turning % 2 != 0) bad(key("rope.dimension_count"), "is odd", "supported: an even number");
    c_.rotary_dims = turning == c_.head_dim ? 0 : turning;
    scaling_by_key();
    scaling_by_tensor();
  }

  void scaling_by_key() {
    const std::string type = file_.text(key("rope.scaling.type")).value_or("none");
    RopeScaling& s = c_.rope_scaling;
    s.original_context = integer("rope.scaling.original_context_length", c_.context, 1, 1 << 24);
    s.factor = number("rope.scaling.factor", number("rope.scale_linear", 1.0, 0, 1e6), 0, 1e6);
    if (s.factor == 0) s.factor = 1;  // some converters' way to say none
    if (type == "linear" || (type == "none" && has("rope.scale_linear"))) {
      s.type = s.factor == 1 ? RopeType::kNone : RopeType::kLinear;
    } else if (type == "yarn") {
      s.type = RopeType::kYarn;
      s.beta_fast = number("rope.scaling.yarn_beta_fast", 32.0, 1e-3, 1e6);
      s.beta_slow = number("rope.scaling.yarn_beta_slow", 1.0, 1e-3, 1e6);
      // The file's factor multiplies YaRN's own; ours replaces it.
      if (has("rope.scaling.attn_factor")) {
        const double own = s.factor > 1 ? 0.1 * std::log(s.factor) + 1 : 1;
        s.attention_factor = own * number("rope.scaling.attn_factor", 1.0, 1e-3, 1e3);
      }
    } else if (type != "none" && type != "longrope") {
      bad(key("rope.scaling.type"), "is '" + type.substr(0, 40) + "'",
          "supported: none, linear, yarn, longrope");
    }
  }

  std::vector<double> factors(const char* name) const {
    const TensorView* view = file_.find(name);
    if (!view) return {};
    if (view->elements() != c_.rotary() / 2) {
      fail(ErrorKind::kInvalidInput,
           file_.where() + ": tensor " + name + " has shape " + shape_text(view->shape) +
               ", expected [" + std::to_string(c_.rotary() / 2) + "]",
           "the file is damaged; convert the model again");
    }
    std::vector<float> values(static_cast<std::size_t>(view->columns()));
    std::vector<double> out;
    for (std::int64_t row = 0; row < view->rows(); ++row) {
      view->read_row(row, values.data());
      out.insert(out.end(), values.begin(), values.end());
    }
    for (const double factor : out) {
      if (factor >= 1e-6 && factor <= 1e6) continue;
      fail(ErrorKind::kInvalidInput,
           file_.where() + ": tensor " + name + " holds " + std::to_string(factor),
           "expected positive divisors; convert the model again");
    }
    return out;
  }

  void scaling_by_tensor() {
    RopeScaling& s = c_.rope_scaling;
    const std::vector<double> divisors = factors("rope_freqs.weight");
    s.short_factor = factors("rope_factors_short.weight");
    s.long_factor = factors("rope_factors_long.weight");
    if (!s.short_factor.empty() && !s.long_factor.empty()) {
      s.type = RopeType::kLongRope;
      s.attention_factor = number("rope.scaling.attn_factor", 0.0, 0.0, 1e3);
      return;
    }
    if (file_.text(key("rope.scaling.type")).value_or("") == "longrope" ||
        s.short_factor.size() != s.long_factor.size()) {
      fail(ErrorKind::kInvalidInput,
           file_.where() +
               ": tensors rope_factors_short.weight and rope_factors_long.weight belong "
               "together, and one is missing",
           "convert the model again");
    }
    if (divisors.empty()) return;
    if (s.type != RopeType::kNone)
      bad(key("rope.scaling.type"), "is set beside the tensor rope_freqs.weight",
          "supported: one or the other");
    s.type = RopeType::kLongRope;
    s.factor = 1;
    s.attention_factor = 1;
    s.original_context = c_.context;
    s.short_factor = s.long_factor = divisors;
  }

  // Of files from before converters wrote the key; an explicit 0 says none.
  int usual_window() const {
    if (is("gemma2")) return 4096;
    return is("phi3") && c_.context == 4096 ? 2047 : 0;  // Phi-3's 4k models
  }

  void windows() {
    int window = 0, period = arch_.window_period;
    if (period > 0) window = integer("attention.sliding_window", usual_window(), 0, 1 << 24);
    const std::string pattern = key("attention.sliding_window_pattern");
    std::vector<std::int64_t> listed;  // for each layer, whether it has a window
    if (period > 1 && file_.is_list(pattern)) {
      listed = *file_.integers(pattern);
      if (std::ssize(listed) != c_.layers)
        bad(pattern, "has " + std::to_string(listed.size()) + " values",
            "expected one for each of the " + std::to_string(c_.layers) + " layers");
    } else if (period > 1 && file_.has(pattern)) {
      period = checked(pattern, *file_.integer(pattern), 1, 1024);
    }
    if (window == 0 && arch_.rotary_period == 0) return;
    for (int i = 0; i < c_.layers; ++i) {
      LayerKind kind;
      if (window > 0) {
        const bool local = listed.empty() ? period == 1 || (i + 1) % period != 0
                                          : listed[static_cast<std::size_t>(i)] != 0;
        if (local) kind.window = window;
        kind.local_rope = local && is("gemma3");
      }
      kind.rotary = arch_.rotary_period == 0 || (i + 1) % arch_.rotary_period != 0;
      c_.kinds.push_back(kind);
    }
  }

  void scores() {
    c_.attention_scale = static_cast<float>(number("attention.scale", 0.0, 0.0, 1e3));
    // The 27B models scale by the width of a head as width / heads, which is not its size.
    const bool large = (is("gemma2") && c_.layers == 46) || (is("gemma3") && c_.layers == 62);
    if (large && c_.attention_scale == 0.0f)
      c_.attention_scale = 1.0f / std::sqrt(static_cast<float>(c_.width / c_.heads));
    const bool capped = is("gemma2");
    c_.attention_softcap =
        static_cast<float>(number("attn_logit_softcapping", capped ? 50.0 : 0.0, 0, 1e6));
    c_.logit_softcap =
        static_cast<float>(number("final_logit_softcapping", capped ? 30.0 : 0.0, 0, 1e6));
  }

  void tokens() {
    const auto token = [&](const char* name) {
      const auto id = file_.integer(std::string("tokenizer.ggml.") + name);
      // A vocabulary without the token may be given an id past its end.
      return id && *id >= 0 && *id < c_.vocabulary ? static_cast<std::int32_t>(*id) : -1;
    };
    c_.bos = token("bos_token_id");
    c_.eos = token("eos_token_id");
    for (const std::int32_t id : {c_.eos, token("eot_token_id"), token("eom_token_id")}) {
      if (id >= 0 && std::find(c_.eos_all.begin(), c_.eos_all.end(), id) == c_.eos_all.end())
        c_.eos_all.push_back(id);
    }
  }

  bool is(std::string_view name) const { return name == arch_.name; }

  const GgufFile& file_;
  const Architecture& arch_;
  ModelConfig c_;
};

}  // namespace

std::string gguf_architectures() {
  std::string out;
  for (const Architecture& known : kArchitectures)
    out += (out.empty() ? "" : ", ") + std::string(known.name);
  return out;
}

ModelConfig gguf_model_config(const GgufFile& file) {
  return GgufConfigReader(file).read();
}

}  // namespace parley::nn
