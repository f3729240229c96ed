#include "nn/model/weight_names.hpp"

#include <optional>
#include <span>

namespace parley::nn {
namespace {

struct Rename {
  std::string_view from, to;
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// "12.rest" gives "12" and leaves "rest".
std::optional<std::string> take_layer(std::string_view& text) {
  const std::size_t dot = text.find('.');
  if (dot == 0 || dot == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(0, dot);
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  text.remove_prefix(dot + 1);
  return std::string(digits);
}

// `name` is PART.weight or PART.bias of a part in `table`.
std::optional<std::string> rename_part(std::string_view name, std::span<const Rename> table) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const std::string_view part = name.substr(0, dot), kind = name.substr(dot);
  if (kind != ".weight" && kind != ".bias") return std::nullopt;
  for (const Rename& rename : table) {
    if (part == rename.from) return std::string(rename.to) + std::string(kind);
  }
  return std::nullopt;
}

constexpr Rename kGpt2Whole[] = {
    {"wte", "model.embed_tokens"}, {"wpe", "model.embed_positions"}, {"ln_f", "model.norm"}};
constexpr Rename kGpt2Layer[] = {
    {"ln_1", "input_layernorm"},           {"ln_2", "post_attention_layernorm"},
    {"attn.c_attn", "self_attn.qkv_proj"}, {"attn.c_proj", "self_attn.o_proj"},
    {"mlp.c_fc", "mlp.up_proj"},           {"mlp.c_proj", "mlp.down_proj"}};

constexpr Rename kGgufWhole[] = {{"token_embd", "model.embed_tokens"},
                                 {"position_embd", "model.embed_positions"},
                                 {"output_norm", "model.norm"},
                                 {"output", "lm_head"}};
constexpr Rename kGgufLayer[] = {{"attn_norm", "input_layernorm"},
                                 {"attn_q", "self_attn.q_proj"},
                                 {"attn_k", "self_attn.k_proj"},
                                 {"attn_v", "self_attn.v_proj"},
                                 {"attn_qkv", "self_attn.qkv_proj"},
                                 {"attn_output", "self_attn.o_proj"},
                                 {"attn_q_norm", "self_attn.q_norm"},
                                 {"attn_k_norm", "self_attn.k_norm"},
                                 {"ffn_norm", "post_attention_layernorm"},
                                 {"ffn_gate", "mlp.gate_proj"},
                                 {"ffn_up", "mlp.up_proj"},
                                 {"ffn_down", "mlp.down_proj"}};
// Gemma 2 and 3 norm what goes into and comes out of both halves of a layer.
constexpr Rename kGgufFourNorms[] = {{"ffn_norm", "pre_feedforward_layernorm"},
                                     {"post_attention_norm", "post_attention_layernorm"},
                                     {"post_ffw_norm", "post_feedforward_layernorm"}};
// Phi-3's gate and up lie in one tensor, as in its checkpoint.
constexpr Rename kGgufFusedGate[] = {{"ffn_up", "mlp.gate_up_proj"}};

}  // namespace

CanonicalName canonical_checkpoint_name(std::string_view name) {
  std::string_view rest = name;
  if (take_prefix(rest, "language_model.model.") || take_prefix(rest, "model.language_model."))
    return {"model." + std::string(rest)};
  if (take_prefix(rest, "language_model.lm_head.")) return {"lm_head." + std::string(rest)};
  for (const std::string_view start : {"layers.", "embed_tokens.", "norm."}) {
    if (name.starts_with(start)) return {"model." + std::string(name)};
  }
  take_prefix(rest, "transformer.");
  if (const auto renamed = rename_part(rest, kGpt2Whole)) return {*renamed};
  if (take_prefix(rest, "h.")) {
    const auto layer = take_layer(rest);
    const auto part = layer ? rename_part(rest, kGpt2Layer) : std::nullopt;
    if (part) {
      const bool matrix = rest.find(".c_") != std::string_view::npos && rest.ends_with(".weight");
      return {"model.layers." + *layer + "." + *part, matrix};
    }
  }
  return {std::string(name)};
}

std::string canonical_gguf_name(std::string_view name, std::string_view architecture) {
  std::string_view rest = name;
  if (!take_prefix(rest, "blk.")) return rename_part(name, kGgufWhole).value_or(std::string(name));
  const auto layer = take_layer(rest);
  if (!layer) return std::string(name);
  std::optional<std::string> part;
  if (architecture == "gemma2" || architecture == "gemma3")
    part = rename_part(rest, kGgufFourNorms);
  if (architecture == "phi3") part = rename_part(rest, kGgufFusedGate);
  if (!part) part = rename_part(rest, kGgufLayer);
  return part ? "model.layers." + *layer + "." + *part : std::string(name);
}

}  // namespace parley::nn
