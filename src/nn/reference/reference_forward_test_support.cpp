// The forward pass in float64. T is the number of tokens, W the width, D the size of a head.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.hpp"
#include "nn/reference/reference_checkpoint_test_support.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::test {
namespace {

using Vector = std::vector<double>;
using Rows = std::vector<Vector>;  // one for each token

double silu(double x) {
  return x / (1 + std::exp(-x));
}
// gelu_new and gelu_pytorch_tanh.
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}
double soft_cap(double x, double cap) {
  return cap > 0 ? cap * std::tanh(x / cap) : x;
}

double number(const Json& config, const char* key, double fallback) {
  return config.contains(key) && config[key].is_number() ? config[key].get<double>() : fallback;
}

// Angles per position of the pairs of a head, and what cosines and sines are multiplied by.
struct Rotation {
  Vector frequency;
  double scale = 1;
};

// config.json's rope_scaling of each type, as transformers' rope utilities define it.
Rotation make_rotation(const Json& config, double theta, int dims, const Json& scaling,
                       std::size_t length) {
  Rotation r;
  for (int i = 0; i < dims / 2; ++i) r.frequency.push_back(std::pow(theta, -2.0 * i / dims));
  if (!scaling.is_object()) return r;
  const std::string type = scaling.contains("rope_type") ? scaling["rope_type"] : scaling["type"];
  const double factor = number(scaling, "factor", 1);
  const double most = config["max_position_embeddings"];
  if (type == "linear") {
    for (double& f : r.frequency) f /= factor;
  } else if (type == "llama3") {
    const double original = scaling["original_max_position_embeddings"];
    const double low = scaling["low_freq_factor"], high = scaling["high_freq_factor"];
    for (double& f : r.frequency) {
      const double wavelength = 2 * std::numbers::pi / f;
      const double smooth = (original / wavelength - low) / (high - low);
      if (wavelength > original / low)
        f /= factor;
      else if (wavelength >= original / high)
        f = (1 - smooth) * f / factor + smooth * f;
    }
  } else if (type == "yarn") {
    const double original = number(scaling, "original_max_position_embeddings", most);
    const auto turning_dim = [&](double turns) {
      return dims * std::log(original / (turns * 2 * std::numbers::pi)) / (2 * std::log(theta));
    };
    const double low = std::max(std::floor(turning_dim(number(scaling, "beta_fast", 32))), 0.0);
    double high = std::min(std::ceil(turning_dim(number(scaling, "beta_slow", 1))), dims - 1.0);
    if (low == high) high += 0.001;
    for (std::size_t i = 0; i < r.frequency.size(); ++i) {
      const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
      r.frequency[i] = r.frequency[i] / factor * ramp + r.frequency[i] * (1 - ramp);
    }
    r.scale = number(scaling, "attention_factor", factor > 1 ? 0.1 * std::log(factor) + 1 : 1);
  } else if (type == "longrope" || type == "su") {
    const double original = number(config, "original_max_position_embeddings", most);
    const bool is_long = static_cast<double>(length) > original;
    const Json& factors = scaling[is_long ? "long_factor" : "short_factor"];
    for (std::size_t i = 0; i < r.frequency.size(); ++i)
      r.frequency[i] /= factors.at(i).get<double>();
    const double stretch = most / original;
    r.scale = number(scaling, "attention_factor",
                     stretch > 1 ? std::sqrt(1 + std::log(stretch) / std::log(original)) : 1);
  } else if (type != "default") {
    fail(ErrorKind::kInvalidInput, "reference: rope type " + type + " is unknown");
  }
  return r;
}

// Turns pairs (i, i + dims/2) of the first `dims` values of a head.
void rotate(double* head, std::size_t position, const Rotation& r) {
  const std::size_t half = r.frequency.size();
  for (std::size_t i = 0; i < half; ++i) {
    const double angle = static_cast<double>(position) * r.frequency[i];
    const double c = std::cos(angle) * r.scale, s = std::sin(angle) * r.scale;
    const double a = head[i], b = head[i + half];
    head[i] = a * c - b * s;
    head[i + half] = b * c + a * s;
  }
}

class Reference {
 public:
  Reference(const std::filesystem::path& folder, std::size_t rope_length)
      : in_(folder), config_(in_.text_config()), rope_length_(rope_length) {
    type_ = config_["model_type"];
    if (type_ == "gemma3_text") type_ = "gemma3";
    gpt2_ = type_ == "gpt2";
    gemma_ = type_.rfind("gemma", 0) == 0;
    four_norms_ = type_ == "gemma2" || type_ == "gemma3";
    const bool known = gpt2_ || gemma_ || type_ == "llama" || type_ == "mistral" ||
                       type_ == "qwen2" || type_ == "qwen3" || type_ == "smollm3" ||
                       type_ == "phi3";
    if (!known) fail(ErrorKind::kInvalidInput, "reference: model_type " + type_ + " is unknown");
    width_ = config_[gpt2_ ? "n_embd" : "hidden_size"];
    layers_ = config_[gpt2_ ? "n_layer" : "num_hidden_layers"];
    heads_ = config_[gpt2_ ? "n_head" : "num_attention_heads"];
    kv_heads_ = static_cast<std::size_t>(
        number(config_, "num_key_value_heads", static_cast<double>(heads_)));
    head_dim_ =
        static_cast<std::size_t>(number(config_, "head_dim", static_cast<double>(width_ / heads_)));
    epsilon_ =
        gpt2_ ? number(config_, "layer_norm_epsilon", 1e-5) : number(config_, "rms_norm_eps", 1e-6);
    make_rotations();
  }

  Vector logits(std::span<const std::int32_t> tokens) {
    Rows x = embed(tokens);
    for (std::size_t i = 0; i < layers_; ++i) layer(i, x);
    const std::string norm_name = gpt2_ ? "ln_f" : "model.norm";
    const std::string embedding = gpt2_ ? "wte.weight" : "model.embed_tokens.weight";
    const bool own_head = in_.has("lm_head.weight");
    const Tensor& head = in_.tensor(own_head ? "lm_head.weight" : embedding);
    const double cap = number(config_, "final_logit_softcapping", 0);
    Vector out;
    for (const Vector& row : x) {
      for (const double value : multiply(head, norm(row, norm_name)))
        out.push_back(soft_cap(value, cap));
    }
    return out;
  }

 private:
  void make_rotations() {
    if (gpt2_) return;
    const int dims = static_cast<int>(static_cast<double>(head_dim_) *
                                      number(config_, "partial_rotary_factor", 1));
    const Json scaling = config_.value("rope_scaling", Json());
    rotation_ =
        make_rotation(config_, number(config_, "rope_theta", 10000), dims, scaling, rope_length_);
    local_rotation_ = make_rotation(config_, number(config_, "rope_local_base_freq", 10000), dims,
                                    Json(), rope_length_);
  }

  Rows embed(std::span<const std::int32_t> tokens) const {
    const Tensor& table = in_.tensor(gpt2_ ? "wte.weight" : "model.embed_tokens.weight");
    double scale = 1;
    if (gemma_) {
      scale = std::sqrt(static_cast<double>(width_));
      const Json& dtype = in_.config()["torch_dtype"];
      scale = dtype == "bfloat16"  ? nearest_bfloat16(scale)
              : dtype == "float16" ? nearest_float16(scale)
                                   : static_cast<double>(static_cast<float>(scale));
    }
    Rows x;
    for (std::size_t t = 0; t < tokens.size(); ++t) {
      Vector row(width_);
      const auto token = static_cast<std::size_t>(tokens[t]);
      for (std::size_t i = 0; i < width_; ++i) {
        row[i] = table.values.at(token * width_ + i) * scale;
        if (gpt2_) row[i] += in_.tensor("wpe.weight").values.at(t * width_ + i);
      }
      x.push_back(std::move(row));
    }
    return x;
  }

  // y = W x for W [outputs][inputs].
  static Vector multiply(const Tensor& w, const Vector& x) {
    Vector y(w.rows());
    for (std::size_t o = 0; o < y.size(); ++o) {
      for (std::size_t i = 0; i < x.size(); ++i) y[o] += w.values[o * x.size() + i] * x[i];
    }
    return y;
  }

  // A linear layer with its bias if it has one; GPT-2's matrices are [inputs][outputs].
  Vector linear(const std::string& name, const Vector& x) const {
    const Tensor& w = in_.tensor(name + ".weight");
    Vector y;
    if (gpt2_) {
      y.assign(w.columns(), 0);
      for (std::size_t i = 0; i < x.size(); ++i) {
        for (std::size_t o = 0; o < y.size(); ++o) y[o] += x[i] * w.values[i * y.size() + o];
      }
    } else {
      y = multiply(w, x);
    }
    if (in_.has(name + ".bias")) {
      const Vector& bias = in_.tensor(name + ".bias").values;
      for (std::size_t o = 0; o < y.size(); ++o) y[o] += bias[o];
    }
    return y;
  }

  Vector norm(const Vector& x, const std::string& name) const {
    const Vector& weight = in_.tensor(name + ".weight").values;
    const auto n = static_cast<double>(x.size());
    double mean = 0, square = 0;
    if (gpt2_) {
      for (const double v : x) mean += v / n;
    }
    for (const double v : x) square += (v - mean) * (v - mean) / n;
    Vector y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      y[i] = (x[i] - mean) / std::sqrt(square + epsilon_) * (gemma_ ? 1 + weight[i] : weight[i]);
      if (gpt2_) y[i] += in_.tensor(name + ".bias").values[i];
    }
    return y;
  }

  static void add(Vector& x, const Vector& y) {
    for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[i];
  }

  bool windowed(std::size_t layer) const {
    if (number(config_, "sliding_window", 0) == 0) return false;
    if (type_ == "mistral" || type_ == "phi3") return true;
    if (type_ == "gemma2") return layer % 2 == 0;
    if (type_ == "gemma3")
      return (layer + 1) % static_cast<std::size_t>(number(config_, "sliding_window_pattern", 6)) !=
             0;
    return false;
  }

  void split_heads(std::string prefix, const Vector& x, Vector& q, Vector& k, Vector& v) const {
    const std::size_t q_size = heads_ * head_dim_, kv_size = kv_heads_ * head_dim_;
    if (gpt2_ || type_ == "phi3") {
      const Vector all = linear(prefix + (gpt2_ ? "c_attn" : "qkv_proj"), x);
      const auto at = all.begin();
      const auto from_k = static_cast<std::ptrdiff_t>(q_size);
      const auto from_v = static_cast<std::ptrdiff_t>(q_size + kv_size);
      q.assign(at, at + from_k);
      k.assign(at + from_k, at + from_v);
      v.assign(at + from_v, all.end());
      return;
    }
    q = linear(prefix + "q_proj", x);
    k = linear(prefix + "k_proj", x);
    v = linear(prefix + "v_proj", x);
  }

  // Norms and rotates each head of queries or keys.
  void prepare(Vector& x, std::size_t position, std::size_t layer, const std::string& norm_name) {
    const bool turns =
        !gpt2_ && !(config_.contains("no_rope_layers") && config_["no_rope_layers"].is_array() &&
                    config_["no_rope_layers"].at(layer) == 0);
    const bool local = type_ == "gemma3" && windowed(layer);
    for (std::size_t from = 0; from < x.size(); from += head_dim_) {
      if (in_.has(norm_name + ".weight")) {
        const auto begin = x.begin() + static_cast<std::ptrdiff_t>(from);
        const Vector head(begin, begin + static_cast<std::ptrdiff_t>(head_dim_));
        std::ranges::copy(norm(head, norm_name), begin);
      }
      if (turns) rotate(x.data() + from, position, local ? local_rotation_ : rotation_);
    }
  }

  Rows attention(std::size_t layer, const std::string& prefix, const Rows& x) {
    Rows q(x.size()), k(x.size()), v(x.size()), out(x.size());
    for (std::size_t t = 0; t < x.size(); ++t) {
      split_heads(prefix, x[t], q[t], k[t], v[t]);
      prepare(q[t], t, layer, prefix + "q_norm");
      prepare(k[t], t, layer, prefix + "k_norm");
    }
    const double scalar = number(config_, "query_pre_attn_scalar", static_cast<double>(head_dim_));
    const double scale = 1 / std::sqrt(four_norms_ ? scalar : static_cast<double>(head_dim_));
    const double cap = number(config_, "attn_logit_softcapping", 0);
    const std::size_t window = windowed(layer) ? config_["sliding_window"].get<std::size_t>() : 0;
    const std::size_t group = heads_ / kv_heads_;
    for (std::size_t t = 0; t < x.size(); ++t) {
      Vector joined(heads_ * head_dim_);
      for (std::size_t h = 0; h < heads_; ++h) {
        const std::size_t at = h * head_dim_, kv_at = h / group * head_dim_;
        const std::size_t first = window > 0 && t + 1 > window ? t + 1 - window : 0;
        Vector weight(t + 1, 0.0);
        double total = 0, most = -1e300;
        for (std::size_t s = first; s <= t; ++s) {
          for (std::size_t d = 0; d < head_dim_; ++d) weight[s] += q[t][at + d] * k[s][kv_at + d];
          weight[s] = soft_cap(weight[s] * scale, cap);
          most = std::max(most, weight[s]);
        }
        for (std::size_t s = first; s <= t; ++s) total += std::exp(weight[s] - most);
        for (std::size_t s = first; s <= t; ++s) {
          for (std::size_t d = 0; d < head_dim_; ++d)
            joined[at + d] += std::exp(weight[s] - most) / total * v[s][kv_at + d];
        }
      }
      out[t] = linear(prefix + (gpt2_ ? "c_proj" : "o_proj"), joined);
    }
    return out;
  }

  Vector feed_forward(const std::string& prefix, const Vector& x) const {
    if (gpt2_) {
      Vector hidden = linear(prefix + "c_fc", x);
      for (double& value : hidden) value = gelu_tanh(value);
      return linear(prefix + "c_proj", hidden);
    }
    Vector gate, up;
    if (type_ == "phi3") {
      const Vector both = linear(prefix + "gate_up_proj", x);
      const auto middle = both.begin() + static_cast<std::ptrdiff_t>(both.size() / 2);
      gate.assign(both.begin(), middle);
      up.assign(middle, both.end());
    } else {
      gate = linear(prefix + "gate_proj", x);
      up = linear(prefix + "up_proj", x);
    }
    for (std::size_t i = 0; i < gate.size(); ++i)
      gate[i] = (gemma_ ? gelu_tanh(gate[i]) : silu(gate[i])) * up[i];
    return linear(prefix + "down_proj", gate);
  }

  void layer(std::size_t index, Rows& x) {
    const std::string p = (gpt2_ ? "h." : "model.layers.") + std::to_string(index) + ".";
    Rows normed;
    for (const Vector& row : x)
      normed.push_back(norm(row, p + (gpt2_ ? "ln_1" : "input_layernorm")));
    const Rows attended = attention(index, p + (gpt2_ ? "attn." : "self_attn."), normed);
    for (std::size_t t = 0; t < x.size(); ++t) {
      const std::string after = p + "post_attention_layernorm";
      if (four_norms_) {
        add(x[t], norm(attended[t], after));
        const Vector fed = feed_forward(p + "mlp.", norm(x[t], p + "pre_feedforward_layernorm"));
        add(x[t], norm(fed, p + "post_feedforward_layernorm"));
      } else {
        add(x[t], attended[t]);
        add(x[t], feed_forward(p + "mlp.", norm(x[t], gpt2_ ? p + "ln_2" : after)));
      }
    }
  }

  Checkpoint in_;
  const Json& config_;
  std::size_t rope_length_;
  std::string type_;
  bool gpt2_ = false, gemma_ = false, four_norms_ = false;
  std::size_t width_ = 0, layers_ = 0, heads_ = 0, kv_heads_ = 0, head_dim_ = 0;
  double epsilon_ = 0;
  Rotation rotation_, local_rotation_;
};

}  // namespace

std::vector<double> reference_logits(const std::filesystem::path& folder,
                                     std::span<const std::int32_t> tokens, int rope_length) {
  const std::size_t length =
      rope_length > 0 ? static_cast<std::size_t>(rope_length) : tokens.size();
  return Reference(folder, length).logits(tokens);
}

}  // namespace parley::test
