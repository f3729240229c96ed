// From the tensor names of checkpoints and GGUF files to the one set of names of weight_source.hpp:
//   model.embed_tokens.weight, model.embed_positions.weight, model.norm.{weight,bias},
//   lm_head.weight, and for each layer model.layers.N. followed by
//   input_layernorm, post_attention_layernorm, pre_feedforward_layernorm,
//   post_feedforward_layernorm, self_attn.{q_proj,k_proj,v_proj,qkv_proj,o_proj,q_norm,k_norm},
//   mlp.{gate_proj,up_proj,gate_up_proj,down_proj}, each with .weight or .bias.
// A name that is none of these is returned as it is.
#pragma once

#include <string>
#include <string_view>

namespace parley::nn {

struct CanonicalName {
  std::string name;
  bool transposed = false;  // stored [inputs][outputs]: GPT-2's Conv1D
};
// Hugging Face's names: with and without "model.", under "language_model." (Gemma 3 with vision),
// and GPT-2's.
CanonicalName canonical_checkpoint_name(std::string_view name);

// GGUF's names, some of which mean another thing in another `architecture` (general.architecture).
std::string canonical_gguf_name(std::string_view name, std::string_view architecture);

}  // namespace parley::nn
