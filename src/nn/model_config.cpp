#include "nn/model_config.hpp"

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"

namespace parley::nn {
namespace {

class Reader {
 public:
  Reader(const Json& root, const std::string& where) : root_(root), where_(where) {}

  [[noreturn]] void bad(const std::string& key, const std::string& why) const {
    fail(ErrorKind::kInvalidInput, where_ + ": " + key + " " + why,
         "supported: LlamaForCausalLM without rope scaling, biases or quantisation");
  }
  bool has(const char* key) const { return root_.contains(key) && !root_[key].is_null(); }
  int integer(const char* key, int low, int high) const {
    if (!has(key)) bad(key, "is missing");
    return in_range(root_[key], key, low, high);
  }
  int integer_or(const char* key, int fallback, int low, int high) const {
    return has(key) ? in_range(root_[key], key, low, high) : fallback;
  }
  double number_or(const char* key, double fallback) const {
    if (!has(key)) return fallback;
    if (!root_[key].is_number()) bad(key, "is not a number");
    return root_[key].get<double>();
  }
  bool flag_or(const char* key, bool fallback) const {
    if (!has(key)) return fallback;
    if (!root_[key].is_boolean()) bad(key, "is neither true nor false");
    return root_[key].get<bool>();
  }
  std::string text_or(const char* key, const std::string& fallback) const {
    if (!has(key)) return fallback;
    if (!root_[key].is_string()) bad(key, "is not a string");
    return root_[key].get<std::string>();
  }
  // eos_token_id may be a list: the first is the model's own.
  std::int32_t token(const char* key) const {
    if (!has(key)) return -1;
    const Json& value = root_[key].is_array() && !root_[key].empty() ? root_[key][0] : root_[key];
    return in_range(value, key, 0, 1 << 24);
  }

 private:
  int in_range(const Json& value, const char* key, int low, int high) const {
    if (!value.is_number_integer()) bad(key, "is not an integer");
    const auto number = value.get<std::int64_t>();
    if (number < low || number > high) {
      bad(key, "is " + std::to_string(number) + ", expected " + std::to_string(low) + " to " +
                   std::to_string(high));
    }
    return static_cast<int>(number);
  }
  const Json& root_;
  const std::string& where_;
};

}  // namespace

std::int64_t ModelConfig::parameters() const {
  const std::int64_t attention = std::int64_t{width} * head_dim * (2 * heads + 2 * kv_heads);
  const std::int64_t layer = attention + std::int64_t{3} * width * hidden + 2 * width;
  return std::int64_t{vocabulary} * width * (tie_embeddings ? 1 : 2) + layers * layer + width;
}

ModelConfig parse_model_config(const std::string& text, const std::string& where) {
  const Json root = parse_json(text, where);
  if (!root.is_object()) fail(ErrorKind::kInvalidInput, where + ": is not a JSON object");
  const Reader in(root, where);
  if (const std::string type = in.text_or("model_type", "llama"); type != "llama")
    in.bad("model_type", "is '" + type + "'");
  if (const std::string act = in.text_or("hidden_act", "silu"); act != "silu")
    in.bad("hidden_act", "is '" + act + "'");
  for (const char* key : {"attention_bias", "mlp_bias"}) {
    if (in.flag_or(key, false)) in.bad(key, "is true");
  }
  for (const char* key : {"rope_scaling", "quantization_config"}) {
    if (in.has(key)) in.bad(key, "is set");
  }
  ModelConfig c;
  c.vocabulary = in.integer("vocab_size", 1, 1 << 20);
  c.width = in.integer("hidden_size", 1, 1 << 16);
  c.layers = in.integer("num_hidden_layers", 1, 1024);
  c.heads = in.integer("num_attention_heads", 1, 1024);
  c.kv_heads = in.integer_or("num_key_value_heads", c.heads, 1, 1024);
  if (c.heads % c.kv_heads != 0)
    in.bad("num_key_value_heads", "does not divide num_attention_heads");
  c.head_dim = in.integer_or("head_dim", c.width / c.heads, 2, 1024);
  if (c.head_dim % 2 != 0 || c.head_dim < 2) in.bad("head_dim", "is odd or zero");
  c.hidden = in.integer("intermediate_size", 1, 1 << 20);
  c.context = in.integer("max_position_embeddings", 1, 1 << 20);
  c.rope_theta = in.number_or("rope_theta", 10000.0);
  if (!(c.rope_theta > 1.0 && c.rope_theta < 1e12)) in.bad("rope_theta", "is out of range");
  c.norm_epsilon = static_cast<float>(in.number_or("rms_norm_eps", 1e-6));
  if (!(c.norm_epsilon >= 0.0f && c.norm_epsilon < 1.0f)) in.bad("rms_norm_eps", "is out of range");
  c.tie_embeddings = in.flag_or("tie_word_embeddings", false);
  c.bos = in.token("bos_token_id");
  c.eos = in.token("eos_token_id");
  c.dtype = in.text_or("torch_dtype", in.text_or("dtype", "float32"));
  return c;
}

ModelConfig read_model_config(const std::filesystem::path& path) {
  return parse_model_config(read_file(path, 1u << 20), path.string());
}

void write_model_config(const ModelConfig& c, const std::filesystem::path& path) {
  OrderedJson root = {{"architectures", {"LlamaForCausalLM"}},
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
