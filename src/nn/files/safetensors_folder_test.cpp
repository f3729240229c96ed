#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "nn/files/safetensors.hpp"
#include "nn/model/weight_names.hpp"
#include "nn/reference/reference_checkpoint_test_support.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::nn {
namespace safetensors_folder_test {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string open_error(const fs::path& folder) {
  try {
    open_safetensors(folder);
  } catch (const Error& e) {
    return e.message();
  }
  return "";
}

class Shards : public ::testing::Test {
 protected:
  void SetUp() override {
    write("one.safetensors", {"a", "b"});
    write("two.safetensors", {"c"});
    index(R"({"a": "one.safetensors", "b": "one.safetensors", "c": "two.safetensors"})");
  }
  void write(const std::string& file, const std::vector<std::string>& names) {
    std::vector<TensorToWrite> tensors;
    for (const std::string& name : names) tensors.push_back({name, DType::kF32, {2}, values_});
    write_safetensors(dir_.path() / file, tensors);
  }
  void index(const std::string& map) {
    write_file_atomically(dir_.path() / "model.safetensors.index.json",
                          R"({"metadata": {"total_size": 24}, "weight_map": )" + map + "}");
  }
  test::TempDir dir_;
  static constexpr float values_[2] = {1, 2};
};

TEST_F(Shards, AreOneSource) {
  const auto source = open_safetensors(dir_.path());
  EXPECT_EQ(source->tensors().size(), 3u);
  float out[2];
  source->require("c", {2}).read_row(0, out);
  EXPECT_EQ(out[1], 2.0f);
}

TEST_F(Shards, MissingOnesAreNamed) {
  fs::remove(dir_.path() / "two.safetensors");
  EXPECT_THAT(open_error(dir_.path()), HasSubstr("two.safetensors: missing"));
}

TEST_F(Shards, MustHoldWhatTheIndexSays) {
  index(R"({"a": "one.safetensors", "c": "one.safetensors"})");
  EXPECT_THAT(open_error(dir_.path()), HasSubstr("tensor c is not in one.safetensors"));
  index(R"({"a": "two.safetensors", "b": "one.safetensors"})");
  EXPECT_THAT(open_error(dir_.path()), HasSubstr("tensor a is not in two.safetensors"));
}

TEST_F(Shards, MayNotShareATensor) {
  write("two.safetensors", {"c", "a"});
  EXPECT_THAT(open_error(dir_.path()),
              HasSubstr("tensor a is in both one.safetensors and two.safetensors"));
}

TEST_F(Shards, LieBesideTheIndex) {
  for (const char* name :
       {"../one.safetensors", "/etc/passwd", "..", ".", "", "sub/one.safetensors",
        "..\\\\one.safetensors", "one\\u0000.safetensors"}) {
    index(R"({"a": ")" + std::string(name) + "\"}");
    EXPECT_THAT(open_error(dir_.path()), HasSubstr("not a file name")) << name;
  }
}

TEST_F(Shards, BadIndexesAreNamed) {
  const auto message = [&](const std::string& text) {
    write_file_atomically(dir_.path() / "model.safetensors.index.json", text);
    return open_error(dir_.path());
  };
  EXPECT_THAT(message("{}"), HasSubstr("weight_map is missing"));
  EXPECT_THAT(message(R"({"weight_map": {}})"), HasSubstr("weight_map is empty"));
  EXPECT_THAT(message(R"({"weight_map": {"a": 1}})"), HasSubstr("tensor a has no file name"));
  EXPECT_THAT(message("[" + std::string(100, '[')), HasSubstr("nested deeper"));
  EXPECT_THAT(message(R"({"weight_map": )"), HasSubstr("index.json"));
}

TEST_F(Shards, TwoNamesOfOneTensorAreRefused) {
  write("model.safetensors", {"norm.weight", "model.norm.weight"});
  EXPECT_THAT(open_error(dir_.path()), HasSubstr("tensor model.norm.weight is there twice"));
}

TEST(SafetensorsFolder, SaysWhatAFolderLacks) {
  test::TempDir dir;
  EXPECT_THAT(open_error(dir.path()), HasSubstr("has neither model.safetensors nor"));
  write_file_atomically(dir.path() / "pytorch_model.bin", "x");
  EXPECT_THAT(open_error(dir.path()), HasSubstr("has pytorch_model.bin and no safetensors"));
}

TEST(SafetensorsIndex, AnyTextIsReadOrRefused) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    try {
      parse_safetensors_index(text, "index");
    } catch (const Error&) {
    }
  }));
}

TEST(WeightNames, OfCheckpoints) {
  const auto check = [](const char* from, const char* to, bool transposed = false) {
    const CanonicalName found = canonical_checkpoint_name(from);
    EXPECT_EQ(found.name, to);
    EXPECT_EQ(found.transposed, transposed) << from;
  };
  check("model.layers.3.mlp.up_proj.weight", "model.layers.3.mlp.up_proj.weight");
  check("layers.3.mlp.up_proj.weight", "model.layers.3.mlp.up_proj.weight");
  check("embed_tokens.weight", "model.embed_tokens.weight");
  check("norm.weight", "model.norm.weight");
  check("language_model.model.norm.weight", "model.norm.weight");
  check("model.language_model.layers.0.self_attn.q_norm.weight",
        "model.layers.0.self_attn.q_norm.weight");
  check("language_model.lm_head.weight", "lm_head.weight");
  check("lm_head.weight", "lm_head.weight");
  check("h.11.attn.c_attn.weight", "model.layers.11.self_attn.qkv_proj.weight", true);
  check("transformer.h.0.attn.c_attn.bias", "model.layers.0.self_attn.qkv_proj.bias");
  check("transformer.h.0.mlp.c_proj.weight", "model.layers.0.mlp.down_proj.weight", true);
  check("h.0.attn.c_proj.weight", "model.layers.0.self_attn.o_proj.weight", true);
  check("h.0.ln_2.weight", "model.layers.0.post_attention_layernorm.weight");
  check("transformer.wpe.weight", "model.embed_positions.weight");
  check("ln_f.bias", "model.norm.bias");
  for (const char* other : {"h.0.attn.bias", "h.x.ln_1.weight", "h..ln_1.weight", "vision_tower.a",
                            "wte", "h.0.ln_1.scale", ""})
    check(other, other);
}

TEST(WeightNames, OfGguf) {
  EXPECT_EQ(canonical_gguf_name("token_embd.weight", "llama"), "model.embed_tokens.weight");
  EXPECT_EQ(canonical_gguf_name("output.weight", "llama"), "lm_head.weight");
  EXPECT_EQ(canonical_gguf_name("output_norm.bias", "gpt2"), "model.norm.bias");
  EXPECT_EQ(canonical_gguf_name("rope_freqs.weight", "llama"), "rope_freqs.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.ffn_norm.weight", "llama"),
            "model.layers.7.post_attention_layernorm.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.ffn_norm.weight", "gemma"),
            "model.layers.7.post_attention_layernorm.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.ffn_norm.weight", "gemma3"),
            "model.layers.7.pre_feedforward_layernorm.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.post_attention_norm.weight", "gemma2"),
            "model.layers.7.post_attention_layernorm.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.ffn_up.weight", "phi3"),
            "model.layers.7.mlp.gate_up_proj.weight");
  EXPECT_EQ(canonical_gguf_name("blk.7.ffn_up.bias", "gpt2"), "model.layers.7.mlp.up_proj.bias");
  EXPECT_EQ(canonical_gguf_name("blk.7.attn_rot_embd", "llama"), "blk.7.attn_rot_embd");
  EXPECT_EQ(canonical_gguf_name("blk.x.attn_q.weight", "llama"), "blk.x.attn_q.weight");
}

// Every family's checkpoint, by the reader and by the references' own one.
TEST(SafetensorsFolder, HoldsEveryFamilysTensors) {
  for (const test::Family family : test::kFamilies) {
    test::TempDir dir;
    test::write_tiny_checkpoint(dir.path(), family);
    const auto source = open_safetensors(dir.path());
    const test::Checkpoint expected(dir.path());
    for (const auto& [name, tensor] : expected.tensors()) {
      const TensorView* view = source->find(canonical_checkpoint_name(name).name);
      ASSERT_NE(view, nullptr) << name;
      std::vector<float> row(static_cast<std::size_t>(view->columns()));
      for (std::int64_t r = 0; r < view->rows(); ++r) {
        view->read_row(r, row.data());
        for (std::size_t c = 0; c < row.size(); ++c) {
          const std::size_t at = view->transposed
                                     ? c * static_cast<std::size_t>(view->rows()) + std::size_t(r)
                                     : static_cast<std::size_t>(r) * row.size() + c;
          ASSERT_EQ(row[c], tensor.values[at]) << name << " " << r << " " << c;
        }
      }
    }
  }
}

}  // namespace safetensors_folder_test
}  // namespace parley::nn
