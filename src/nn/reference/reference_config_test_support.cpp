#include "nn/reference/reference_tiny_test_support.hpp"

namespace parley::test {
namespace {

const char* dtype_text(StoredAs dtype) {
  return dtype == StoredAs::kFloat32   ? "float32"
         : dtype == StoredAs::kFloat16 ? "float16"
                                       : "bfloat16";
}

// The keys that the Llama-like classes share.
Json common_config(const char* architecture, const char* type, const TinySizes& s, StoredAs dtype) {
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

void set(Json& config, const Json& more) {
  for (const auto& [key, value] : more.items()) config[key] = value;
}

// Gemma's classes tie the embeddings by default, which their configurations therefore do not say.
Json gemma_config(const char* architecture, const char* type, const TinySizes& s, StoredAs dtype) {
  Json c = common_config(architecture, type, s, dtype);
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

Json gemma3_config(const TinySizes& s, StoredAs dtype) {
  Json c = gemma_config("Gemma3ForCausalLM", "gemma3_text", s, dtype);
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

}  // namespace

std::string family_name(Family family) {
  static constexpr const char* kNames[] = {
      "Llama",        "Llama3", "Mistral", "Qwen2",  "Qwen2Yarn",        "Qwen3", "SmolLm3", "Phi3",
      "Phi3LongRope", "Gemma",  "Gemma2",  "Gemma3", "Gemma3Multimodal", "Gpt2"};
  return kNames[static_cast<std::size_t>(family)];
}

// Odd on purpose: most are multiples of neither a vector nor a block.
TinySizes tiny_sizes(Family family) {
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

Json tiny_config(Family family, const TinySizes& s, StoredAs dtype) {
  const auto qwen = [&](const char* architecture, const char* type) {
    Json c = common_config(architecture, type, s, dtype);
    set(c, {{"max_window_layers", s.layers},
            {"rms_norm_eps", 1e-6},
            {"rope_theta", 1000000.0},
            {"sliding_window", 32},
            {"tie_word_embeddings", true},
            {"use_sliding_window", false}});
    return c;
  };
  const auto llama = [&](const char* architecture, const char* type, bool tied) {
    Json c = common_config(architecture, type, s, dtype);
    set(c, {{"attention_bias", false},
            {"mlp_bias", false},
            {"rope_scaling", nullptr},
            {"tie_word_embeddings", tied}});
    return c;
  };
  const auto phi3 = [&](int original, const Json& scaling, bool tied) {
    Json c = common_config("Phi3ForCausalLM", "phi3", s, dtype);
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
  Json c;
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
      Json scaling = {{"type", "longrope"}};
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
      Json text = gemma3_config(s, dtype);
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

}  // namespace parley::test
