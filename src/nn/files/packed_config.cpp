#include "nn/files/packed_config.hpp"

#include <cmath>

#include "base/error.hpp"

namespace parley::nn {
namespace {

constexpr int kMaxSize = 1 << 24;  // of any dimension
constexpr int kMaxLayers = 1 << 12;
constexpr int kMaxHeadDim = 1 << 12;

// The one list of fields, for both directions. The bindings name every field there is: one that is
// new does not compile until it stands here too.
template <typename Kind, typename Visitor>
void each_kind_field(Kind& kind, Visitor&& v) {
  auto& [window, rotary, local_rope] = kind;
  v(window), v(rotary), v(local_rope);
}

template <typename Scaling, typename Visitor>
void each_rope_field(Scaling& scaling, Visitor& v) {
  auto& [type, factor, low_freq_factor, high_freq_factor, beta_fast, beta_slow, attention_factor,
         original_context, short_factor, long_factor] = scaling;
  v("rope_type", type);
  v("rope_factor", factor);
  v("rope_low_freq_factor", low_freq_factor);
  v("rope_high_freq_factor", high_freq_factor);
  v("rope_beta_fast", beta_fast);
  v("rope_beta_slow", beta_slow);
  v("rope_attention_factor", attention_factor);
  v("rope_original_context", original_context);
  v("rope_short_factor", short_factor);
  v("rope_long_factor", long_factor);
}

template <typename Config, typename Visitor>
void each_field(Config& config, Visitor& v) {
  auto& [family, vocabulary, width, layers, heads, kv_heads, head_dim, hidden, context, norm,
         norm_epsilon, norm_plus_one, post_norms, qk_norm, qkv_bias, output_bias, mlp_bias,
         activation, gated, learned_positions, rope_theta, local_rope_theta, rotary_dims,
         rope_scaling, kinds, attention_scale, attention_softcap, logit_softcap, embedding_scale,
         tie_embeddings, bos, eos, eos_all, dtype] = config;
  v("family", family);
  v("vocabulary", vocabulary);
  v("width", width);
  v("layers", layers);
  v("heads", heads);
  v("kv_heads", kv_heads);
  v("head_dim", head_dim);
  v("hidden", hidden);
  v("context", context);
  v("norm", norm);
  v("norm_epsilon", norm_epsilon);
  v("norm_plus_one", norm_plus_one);
  v("post_norms", post_norms);
  v("qk_norm", qk_norm);
  v("qkv_bias", qkv_bias);
  v("output_bias", output_bias);
  v("mlp_bias", mlp_bias);
  v("activation", activation);
  v("gated", gated);
  v("learned_positions", learned_positions);
  v("rope_theta", rope_theta);
  v("local_rope_theta", local_rope_theta);
  v("rotary_dims", rotary_dims);
  each_rope_field(rope_scaling, v);
  v("kinds", kinds);
  v("attention_scale", attention_scale);
  v("attention_softcap", attention_softcap);
  v("logit_softcap", logit_softcap);
  v("embedding_scale", embedding_scale);
  v("tie_embeddings", tie_embeddings);
  v("bos", bos);
  v("eos", eos);
  v("eos_all", eos_all);
  v("dtype", dtype);
}

struct Writer {
  Json json = Json::object();
  template <typename T>
  void operator()(const char* name, const T& value) {
    if constexpr (std::is_enum_v<T>) {
      json[name] = static_cast<int>(value);
    } else {
      json[name] = value;  // a float becomes the double of the same value
    }
  }
  void operator()(const char* name, const std::vector<LayerKind>& kinds) {
    Json list = Json::array();
    for (const LayerKind& kind : kinds) {
      Json fields = Json::array();
      each_kind_field(kind, [&](const auto& value) { fields.push_back(value); });
      list.push_back(std::move(fields));
    }
    json[name] = std::move(list);
  }
};

class PackedConfigReader {
 public:
  PackedConfigReader(const Json& json, const std::string& where) : json_(json), where_(where) {}

  [[noreturn]] void bad(const std::string& name, const std::string& why) const {
    fail(ErrorKind::kInvalidInput, where_ + ": config." + name + " " + why,
         "the file is damaged, or another version wrote it; pack the model again");
  }
  void operator()(const char* name, int& out) const { out = integer(at(name), name); }
  void operator()(const char* name, bool& out) const { out = flag(at(name), name); }
  void operator()(const char* name, double& out) const { out = number(at(name), name); }
  void operator()(const char* name, float& out) const {
    const double value = number(at(name), name);
    if (std::fabs(value) > 3e38) bad(name, "does not fit a float");
    out = static_cast<float>(value);
  }
  void operator()(const char* name, std::string& out) const {
    const Json& value = at(name);
    if (!value.is_string()) bad(name, "is not a string");
    out = value.get_ref<const std::string&>();
  }
  void operator()(const char* name, Norm& out) const { out = choice<Norm>(name, 1); }
  void operator()(const char* name, Activation& out) const { out = choice<Activation>(name, 1); }
  void operator()(const char* name, RopeType& out) const { out = choice<RopeType>(name, 4); }
  void operator()(const char* name, std::vector<double>& out) const {
    for (const Json& value : list(at(name), name)) out.push_back(number(value, name));
  }
  void operator()(const char* name, std::vector<std::int32_t>& out) const {
    for (const Json& value : list(at(name), name)) out.push_back(integer(value, name));
  }
  void operator()(const char* name, std::vector<LayerKind>& out) const {
    for (const Json& value : list(at(name), name)) {
      if (list(value, name).size() != 3) bad(name, "holds something that is not a layer");
      out.push_back({integer(value[0], name), flag(value[1], name), flag(value[2], name)});
    }
  }

 private:
  const Json& at(const char* name) const {
    const auto found = json_.find(name);
    if (found == json_.end()) bad(name, "is missing");
    return *found;
  }
  int integer(const Json& value, const char* name) const {
    if (!value.is_number_integer()) bad(name, "is not an integer");
    const bool large = value.is_number_unsigned() && value.get<std::uint64_t>() > kMaxSize;
    const auto n = value.get<std::int64_t>();
    if (large || n < -1 || n > kMaxSize) bad(name, "is out of range");
    return static_cast<int>(n);
  }
  bool flag(const Json& value, const char* name) const {
    if (!value.is_boolean()) bad(name, "is neither true nor false");
    return value.get<bool>();
  }
  double number(const Json& value, const char* name) const {
    if (!value.is_number()) bad(name, "is not a number");
    return value.get<double>();
  }
  const Json& list(const Json& value, const char* name) const {
    if (!value.is_array()) bad(name, "is not a list");
    return value;
  }
  template <typename Enum>
  Enum choice(const char* name, int last) const {
    const int value = integer(at(name), name);
    if (value < 0 || value > last) bad(name, "is out of range");
    return static_cast<Enum>(value);
  }
  const Json& json_;
  const std::string& where_;
};

void check(const ModelConfig& c, const PackedConfigReader& in) {
  const auto between = [&](const char* name, int value, int low, int high) {
    if (value < low || value > high) in.bad(name, "is out of range");
  };
  between("vocabulary", c.vocabulary, 1, kMaxSize);
  between("width", c.width, 1, kMaxSize);
  between("layers", c.layers, 1, kMaxLayers);
  between("head_dim", c.head_dim, 2, kMaxHeadDim);
  between("heads", c.heads, 1, kMaxSize / c.head_dim);
  between("kv_heads", c.kv_heads, 1, c.heads);
  between("hidden", c.hidden, 1, kMaxSize);
  between("context", c.context, 1, kMaxSize);
  between("rotary_dims", c.rotary_dims, 0, c.head_dim);
  if (c.heads % c.kv_heads != 0) in.bad("kv_heads", "does not divide heads");
  if (c.rotary() % 2 != 0) in.bad("rotary_dims", "is odd");
  if (!c.kinds.empty() && c.kinds.size() != static_cast<std::size_t>(c.layers))
    in.bad("kinds", "does not have one entry a layer");
  for (const LayerKind& kind : c.kinds) between("kinds", kind.window, 0, kMaxSize);
  const auto positive = [&](const char* name, double value) {
    if (!(value > 0.0 && value < 1e15)) in.bad(name, "is out of range");
  };
  positive("norm_epsilon", static_cast<double>(c.norm_epsilon));
  if (!(c.rope_theta > 1.0)) in.bad("rope_theta", "is out of range");
  positive("rope_theta", c.rope_theta);
  positive("local_rope_theta", c.local_rope_theta);
  const RopeScaling& s = c.rope_scaling;
  if (s.type == RopeType::kNone) return;
  positive("rope_factor", s.factor);
  if (s.type == RopeType::kLinear) return;
  between("rope_original_context", s.original_context, 2, kMaxSize);
  positive("rope_low_freq_factor", s.low_freq_factor);
  positive("rope_high_freq_factor", s.high_freq_factor);
  positive("rope_beta_fast", s.beta_fast);
  positive("rope_beta_slow", s.beta_slow);
  if (s.type != RopeType::kLongRope) return;
  for (const auto* list : {&s.short_factor, &s.long_factor}) {
    if (list->size() != static_cast<std::size_t>(c.rotary() / 2))
      in.bad("rope_long_factor", "does not have one entry a pair");
    for (const double factor : *list) positive("rope_long_factor", factor);
  }
}

}  // namespace

Json packed_config(const ModelConfig& config) {
  Writer writer;
  each_field(config, writer);
  return std::move(writer.json);
}

ModelConfig parse_packed_config(const Json& json, const std::string& where) {
  if (!json.is_object()) fail(ErrorKind::kInvalidInput, where + ": config is not an object");
  ModelConfig config;
  PackedConfigReader reader(json, where);
  each_field(config, reader);
  check(config, reader);
  return config;
}

}  // namespace parley::nn
