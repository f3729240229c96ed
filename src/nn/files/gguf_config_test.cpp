#include "nn/files/gguf_config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "base/test_support.hpp"
#include "nn/files/gguf_test_support.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::nn {
namespace gguf_config_test {

using test::Family;
using ::testing::HasSubstr;

// A tiny model of a family, as its folder and as GGUF.
struct Both {
  explicit Both(Family family, DType dtype = DType::kF32) {
    test::write_tiny_checkpoint(
        dir.path(), family, 1,
        dtype == DType::kF32 ? test::StoredAs::kFloat32 : test::StoredAs::kBFloat16);
    test::write_gguf_of(dir.path(), dir.path() / "m.gguf", dtype);
    file = std::make_shared<const GgufFile>(dir.path() / "m.gguf");
  }
  test::TempDir dir;
  std::shared_ptr<const GgufFile> file;
};

ModelConfig config_of(Family family, DType dtype = DType::kF32) {
  return gguf_model_config(*Both(family, dtype).file);
}

TEST(GgufConfig, Llama) {
  const ModelConfig c = config_of(Family::kLlama);
  EXPECT_EQ(c.family, "llama");
  EXPECT_EQ(c.vocabulary, 301);
  EXPECT_EQ(c.width, 72);
  EXPECT_EQ(c.layers, 3);
  EXPECT_EQ(c.heads, 6);
  EXPECT_EQ(c.kv_heads, 2);
  EXPECT_EQ(c.head_dim, 12);
  EXPECT_EQ(c.hidden, 100);
  EXPECT_EQ(c.context, 512);
  EXPECT_EQ(c.norm_epsilon, 1e-5f);
  EXPECT_EQ(c.rope_theta, 10000.0);
  EXPECT_EQ(c.rotary(), 12);
  EXPECT_FALSE(c.tie_embeddings);
  EXPECT_FALSE(c.qkv_bias);
  EXPECT_EQ(c.rope_scaling.type, RopeType::kNone);
  EXPECT_TRUE(c.kinds.empty());
  EXPECT_EQ(c.eos, 2);
  EXPECT_EQ(c.eos_all, (std::vector<std::int32_t>{2}));
  EXPECT_EQ(c.dtype, "float32");
}

TEST(GgufConfig, Llama3sScalingIsItsDivisors) {
  const ModelConfig c = config_of(Family::kLlama3);
  EXPECT_TRUE(c.tie_embeddings);
  EXPECT_EQ(c.rope_scaling.type, RopeType::kLongRope);
  EXPECT_EQ(c.rope_scaling.attention_factor, 1.0);
  EXPECT_EQ(c.rope_scaling.short_factor, c.rope_scaling.long_factor);
  ASSERT_EQ(c.rope_scaling.short_factor.size(), 8u);
  EXPECT_EQ(c.rope_scaling.short_factor.front(), 1.0);  // fast pairs turn as before
  EXPECT_EQ(c.rope_scaling.short_factor.back(), 8.0);   // slow ones by the whole factor
}

TEST(GgufConfig, WindowsOfEachFamily) {
  const auto windows = [](const ModelConfig& c) {
    std::vector<int> out;
    for (int i = 0; i < c.layers; ++i) out.push_back(c.kind(i).window);
    return out;
  };
  EXPECT_EQ(windows(config_of(Family::kMistral)), (std::vector<int>{9, 9, 9}));
  EXPECT_EQ(windows(config_of(Family::kQwen2)), (std::vector<int>{0, 0}));
  EXPECT_EQ(windows(config_of(Family::kPhi3)), (std::vector<int>{11, 11, 11}));
  EXPECT_EQ(windows(config_of(Family::kGemma2)), (std::vector<int>{8, 0, 8, 0}));
  const ModelConfig gemma3 = config_of(Family::kGemma3);
  EXPECT_EQ(windows(gemma3), (std::vector<int>{7, 7, 0, 7}));
  EXPECT_TRUE(gemma3.kind(0).local_rope);
  EXPECT_FALSE(gemma3.kind(2).local_rope);
  EXPECT_EQ(gemma3.rope_theta, 1e6);
  EXPECT_EQ(gemma3.local_rope_theta, 1e4);
  const ModelConfig smollm3 = config_of(Family::kSmolLm3);
  EXPECT_EQ(windows(smollm3), (std::vector<int>{0, 0, 0, 0}));
  EXPECT_TRUE(smollm3.kind(2).rotary);
  EXPECT_FALSE(smollm3.kind(3).rotary);
}

TEST(GgufConfig, QwenPhiAndGpt2) {
  const ModelConfig qwen2 = config_of(Family::kQwen2);
  EXPECT_TRUE(qwen2.qkv_bias);
  EXPECT_FALSE(qwen2.output_bias);
  EXPECT_FALSE(qwen2.qk_norm);
  const ModelConfig yarn = config_of(Family::kQwen2Yarn);
  EXPECT_EQ(yarn.rope_scaling.type, RopeType::kYarn);
  EXPECT_EQ(yarn.rope_scaling.factor, 4.0);
  EXPECT_EQ(yarn.rope_scaling.original_context, 64);
  EXPECT_EQ(yarn.rope_scaling.attention_factor, 0.0);
  const ModelConfig qwen3 = config_of(Family::kQwen3);
  EXPECT_TRUE(qwen3.qk_norm);
  EXPECT_EQ(qwen3.head_dim, 20);

  const ModelConfig phi3 = config_of(Family::kPhi3LongRope);
  EXPECT_EQ(phi3.rope_scaling.type, RopeType::kLongRope);
  EXPECT_EQ(phi3.rotary(), 18);
  EXPECT_EQ(phi3.rope_scaling.original_context, 32);
  ASSERT_EQ(phi3.rope_scaling.long_factor.size(), 9u);
  EXPECT_EQ(phi3.rope_scaling.long_factor[2], 4.0);
  EXPECT_NEAR(phi3.rope_scaling.attention_factor, std::sqrt(1 + std::log(4) / std::log(32)), 1e-6);

  const ModelConfig gpt2 = config_of(Family::kGpt2);
  EXPECT_EQ(gpt2.norm, Norm::kLayer);
  EXPECT_EQ(gpt2.activation, Activation::kGeluTanh);
  EXPECT_FALSE(gpt2.gated);
  EXPECT_TRUE(gpt2.learned_positions);
  EXPECT_TRUE(gpt2.qkv_bias && gpt2.output_bias && gpt2.mlp_bias);
  EXPECT_EQ(gpt2.kv_heads, 5);
  EXPECT_EQ(gpt2.hidden, 280);
}

TEST(GgufConfig, Gemma) {
  const ModelConfig gemma = config_of(Family::kGemma);
  EXPECT_EQ(gemma.activation, Activation::kGeluTanh);
  EXPECT_FALSE(gemma.norm_plus_one);
  EXPECT_EQ(gemma.embedding_scale, 8.0f);
  EXPECT_EQ(gemma.head_dim, 20);
  EXPECT_FALSE(gemma.post_norms);
  const ModelConfig gemma2 = config_of(Family::kGemma2);
  EXPECT_TRUE(gemma2.post_norms);
  EXPECT_FALSE(gemma2.qk_norm);
  EXPECT_EQ(gemma2.attention_softcap, 6.0f);
  EXPECT_EQ(gemma2.logit_softcap, 8.0f);
  EXPECT_NEAR(gemma2.attention_scale, 1 / std::sqrt(24.0), 1e-7);
  EXPECT_EQ(gemma2.embedding_scale, std::sqrt(96.0f));
  EXPECT_EQ(config_of(Family::kGemma2, DType::kBF16).embedding_scale, 9.8125f);  // in bfloat16
  const ModelConfig gemma3 = config_of(Family::kGemma3Multimodal);
  EXPECT_TRUE(gemma3.post_norms && gemma3.qk_norm);
  EXPECT_EQ(gemma3.rope_scaling.type, RopeType::kLinear);
  EXPECT_EQ(gemma3.rope_scaling.factor, 8.0);
  EXPECT_EQ(gemma3.logit_softcap, 0.0f);
}

// The same rows under the same names from the folder and from GGUF, whatever the layout: Gemma's
// norms apart, which hold 1 + weight in GGUF.
TEST(GgufConfig, WeightsEqualTheFolders) {
  for (const Family family : test::kFamilies) {
    const Both both(family);
    const auto folder = open_safetensors(both.dir.path());
    const auto gguf = gguf_weights(both.file);
    const bool gemma = test::family_name(family).rfind("Gemma", 0) == 0;
    int compared = 0;
    for (const TensorView& expected : folder->tensors()) {
      const TensorView* found = gguf->find(expected.name);
      if (!found) {
        EXPECT_TRUE(expected.name.find("vision") != std::string::npos ||
                    expected.name.find("multi_modal") != std::string::npos)
            << expected.name;
        continue;
      }
      ASSERT_EQ(found->shape, expected.shape) << expected.name;
      const bool plus_one = gemma && expected.name.find("norm.") != std::string::npos;
      std::vector<float> a(static_cast<std::size_t>(expected.columns())), b(a.size());
      for (std::int64_t r = 0; r < expected.rows(); ++r) {
        expected.read_row(r, a.data());
        found->read_row(r, b.data());
        if (plus_one) {
          for (std::size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i] + 1, b[i], 2e-7);
        } else {
          ASSERT_EQ(a, b) << test::family_name(family) << " " << expected.name << " row " << r;
        }
      }
      ++compared;
    }
    EXPECT_GE(compared, 14) << test::family_name(family);
  }
}

// The least that a file has to say, without the heads.
test::GgufWriter least(const std::string& architecture, std::uint32_t layers = 2,
                       std::uint32_t context = 64) {
  test::GgufWriter w;
  w.add_u32(architecture + ".block_count", layers);
  w.add_u32(architecture + ".embedding_length", 32);
  w.add_u32(architecture + ".context_length", context);
  w.add_u32(architecture + ".feed_forward_length", 64);
  w.add_f32(architecture + ".attention.layer_norm_rms_epsilon", 1e-5f);
  w.add_tensor("token_embd.weight", DType::kF32, {8, 32}, std::vector<double>(256, 1));
  return w;
}

ModelConfig config_of(test::GgufWriter w, const std::string& architecture) {
  w.add_text("general.architecture", architecture);
  w.add_u32(architecture + ".attention.head_count", 2);
  const std::string bytes = w.bytes();
  return gguf_model_config(
      GgufFile({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m.gguf"));
}

// What files leave unsaid is taken as converters of their time meant it.
TEST(GgufConfig, FillsInWhatFilesLeaveOut) {
  const ModelConfig gemma2 = config_of(least("gemma2"), "gemma2");
  EXPECT_EQ(gemma2.kind(0).window, 4096);
  EXPECT_EQ(gemma2.attention_softcap, 50.0f);
  EXPECT_EQ(gemma2.logit_softcap, 30.0f);
  EXPECT_EQ(gemma2.attention_scale, 0.0f);
  EXPECT_EQ(config_of(least("gemma2", 46), "gemma2").attention_scale, 0.25f);  // 27B: 32 / 2 heads
  EXPECT_EQ(config_of(least("phi3", 2, 4096), "phi3").kind(1).window, 2047);
  EXPECT_TRUE(config_of(least("phi3", 2, 131072), "phi3").kinds.empty());
  test::GgufWriter phi4 = least("phi3", 2, 4096);
  phi4.add_u32("phi3.attention.sliding_window", 0);
  EXPECT_TRUE(config_of(phi4, "phi3").kinds.empty());
}

TEST(GgufConfig, TakesPatternsOfWindowsThatFilesSpellOut) {
  test::GgufWriter w = least("gemma3", 7);
  w.add_u32("gemma3.attention.sliding_window", 16);
  ModelConfig c = config_of(w, "gemma3");
  EXPECT_EQ(c.kind(4).window, 16);
  EXPECT_EQ(c.kind(5).window, 0);  // every sixth sees everything
  EXPECT_EQ(c.kind(6).window, 16);
  w.add_i32s("gemma3.attention.sliding_window_pattern", {0, 1, 0, 1, 1, 1, 0});
  c = config_of(w, "gemma3");
  EXPECT_EQ(c.kind(0).window, 0);
  EXPECT_FALSE(c.kind(0).local_rope);
  EXPECT_EQ(c.kind(1).window, 16);
  EXPECT_TRUE(c.kind(1).local_rope);
}

TEST(GgufConfig, GathersTheTokensThatEndAReply) {
  test::GgufWriter w = least("qwen2");
  w.add_u32("tokenizer.ggml.eos_token_id", 3);
  w.add_u32("tokenizer.ggml.eot_token_id", 5);
  w.add_u32("tokenizer.ggml.eom_token_id", 3);
  w.add_u32("tokenizer.ggml.bos_token_id", 99);  // past the vocabulary: there is none
  const ModelConfig c = config_of(w, "qwen2");
  EXPECT_EQ(c.eos_all, (std::vector<std::int32_t>{3, 5}));
  EXPECT_EQ(c.bos, -1);
}

class Refusals : public ::testing::Test {
 protected:
  std::string message(const std::string& architecture = "llama") {
    w.add_text("general.architecture", architecture);
    const std::string bytes = w.bytes();
    try {
      gguf_model_config(
          GgufFile({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m.gguf"));
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
      return e.message() + " | " + e.hint();
    }
    return "";
  }
  void heads() { w.add_u32("llama.attention.head_count", 4); }
  test::GgufWriter w = least("llama");
};

TEST_F(Refusals, None) {
  heads();
  EXPECT_EQ(message(), "");
}
TEST_F(Refusals, Architecture) {
  EXPECT_EQ(message("mamba"),
            "m.gguf: key general.architecture is 'mamba' | supported: llama, qwen2, qwen3, phi3, "
            "gemma, gemma2, gemma3, gpt2, smollm3");
}
TEST_F(Refusals, MissingKey) {
  EXPECT_THAT(message(), HasSubstr("key llama.attention.head_count is missing"));
}
TEST_F(Refusals, LayersThatDiffer) {
  w.add_i32s("llama.attention.head_count", {4, 8});
  EXPECT_THAT(message(), HasSubstr("head_count differs from layer to layer"));
}
TEST_F(Refusals, EqualLayersInAListAreFine) {
  w.add_i32s("llama.attention.head_count", {4, 4});
  EXPECT_EQ(message(), "");
}
TEST_F(Refusals, Experts) {
  heads();
  w.add_u32("llama.expert_count", 8);
  EXPECT_THAT(message(), HasSubstr("key llama.expert_count is set | mixtures of experts"));
}
TEST_F(Refusals, RopeScalingType) {
  heads();
  w.add_text("llama.rope.scaling.type", "dynamic");
  EXPECT_THAT(message(), HasSubstr("rope.scaling.type is 'dynamic' | supported: none, linear"));
}
TEST_F(Refusals, LongRopeWithoutItsFactors) {
  heads();
  w.add_text("llama.rope.scaling.type", "longrope");
  EXPECT_THAT(message(), HasSubstr("rope_factors_short.weight and"));
}
TEST_F(Refusals, DivisorsOfAnotherSize) {
  heads();
  w.add_tensor("rope_freqs.weight", DType::kF32, {5}, std::vector<double>(5, 1));
  EXPECT_THAT(message(), HasSubstr("tensor rope_freqs.weight has shape [5], expected [4]"));
}
TEST_F(Refusals, DivisorsThatAreNone) {
  heads();
  w.add_tensor("rope_freqs.weight", DType::kF32, {4}, std::vector<double>{1, 1, 0, 1});
  EXPECT_THAT(message(), HasSubstr("rope_freqs.weight holds 0.0"));
}
TEST_F(Refusals, SizesOutOfRange) {
  w.add_u32("llama.attention.head_count", 4096);
  EXPECT_THAT(message(), HasSubstr("head_count is 4096 | supported: 1 to 1024"));
}
TEST_F(Refusals, ValuesOfAnotherSize) {
  heads();
  w.add_u32("llama.attention.value_length", 6);
  EXPECT_THAT(message(), HasSubstr("value_length differs from key_length"));
}

}  // namespace gguf_config_test
}  // namespace parley::nn
