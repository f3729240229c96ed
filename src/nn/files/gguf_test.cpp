#include "nn/files/gguf.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "nn/files/gguf_test_support.hpp"

namespace parley::nn {
namespace gguf_test {

using ::testing::HasSubstr;

std::span<const std::byte> as_bytes(const std::string& text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

std::string error_of(const std::string& bytes) {
  try {
    const auto file = std::make_shared<const GgufFile>(as_bytes(bytes), "m.gguf");
    gguf_weights(file);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    return e.message();
  }
  return "";
}

template <typename T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

test::GgufWriter sample() {
  test::GgufWriter w;
  w.add_text("general.architecture", "llama");
  w.add_u32("llama.attention.head_count", 4);
  w.add_u32("llama.attention.head_count_kv", 2);
  w.add_f32("llama.rope.freq_base", 5e5f);
  w.add_flag("tokenizer.ggml.add_bos_token", true);
  w.add_texts("tokenizer.ggml.tokens", {"a", "", "ccc"});
  w.add_i32s("tokenizer.ggml.token_type", {1, -3, 6});
  w.add_f32s("tokenizer.ggml.scores", {0.5f, -1});
  w.add_tensor("token_embd.weight", DType::kF32, {3, 8}, std::vector<double>(24, 0.25));
  w.add_tensor("blk.0.attn_q.weight", DType::kQ8_0, {8, 32}, std::vector<double>(256, 1));
  w.add_tensor("blk.0.attn_k.weight", DType::kF16, {4, 8}, std::vector<double>(32, 2));
  w.add_tensor("output_norm.weight", DType::kF32, {8}, std::vector<double>(8, 1));
  return w;
}

TEST(Gguf, MetadataIsAFileOfItsOwn) {
  const std::string bytes = sample().bytes();
  const GgufFile file(as_bytes(bytes), "m.gguf");
  const std::string metadata = file.without_tensors();
  EXPECT_LT(metadata.size(), bytes.size());
  const GgufFile alone(as_bytes(metadata), "metadata.gguf");
  EXPECT_EQ(alone.keys(), file.keys());
  EXPECT_EQ(alone.texts("tokenizer.ggml.tokens"), file.texts("tokenizer.ggml.tokens"));
  EXPECT_TRUE(alone.tensors().tensors.empty());
  EXPECT_EQ(alone.without_tensors(), metadata);
}

TEST(Gguf, ReadsWhatAWriterWrote) {
  for (const std::uint32_t version : {2u, 3u}) {
    for (const std::uint32_t alignment : {8u, 32u, 128u}) {
      test::GgufWriter w = sample();
      w.version = version;
      w.alignment = alignment;
      const std::string bytes = w.bytes();
      const auto file = std::make_shared<const GgufFile>(as_bytes(bytes), "m.gguf");
      EXPECT_EQ(file->version(), static_cast<int>(version));
      EXPECT_EQ(file->architecture(), "llama");
      EXPECT_EQ(file->integer("llama.attention.head_count"), 4);
      EXPECT_EQ(file->number("llama.rope.freq_base"), 5e5);
      EXPECT_EQ(file->flag("tokenizer.ggml.add_bos_token"), true);
      EXPECT_EQ(file->texts("tokenizer.ggml.tokens"),
                (std::vector<std::string_view>{"a", "", "ccc"}));
      EXPECT_EQ(file->integers("tokenizer.ggml.token_type"), (std::vector<std::int64_t>{1, -3, 6}));
      EXPECT_EQ(file->numbers("tokenizer.ggml.scores"), (std::vector<double>{0.5, -1}));
      EXPECT_EQ(file->integer("absent"), std::nullopt);
      EXPECT_EQ(file->texts("absent"), std::nullopt);
      EXPECT_EQ(file->keys().size(), alignment == 32 ? 8u : 9u);

      const auto weights = gguf_weights(file);
      const TensorView& q = weights->require("model.layers.0.self_attn.q_proj.weight", {8, 32});
      EXPECT_EQ(q.interleaved_heads, 4);
      EXPECT_EQ(
          weights->require("model.layers.0.self_attn.k_proj.weight", {4, 8}).interleaved_heads, 2);
      std::vector<float> row(8);
      weights->require("model.embed_tokens.weight", {3, 8}).read_row(2, row.data());
      EXPECT_EQ(row, std::vector<float>(8, 0.25f));
    }
  }
}

TEST(Gguf, ReadsNumbersOfEveryType) {
  test::GgufWriter w;
  w.add_raw("u8", 0, raw<std::uint8_t>(200));
  w.add_raw("i8", 1, raw<std::int8_t>(-100));
  w.add_raw("u16", 2, raw<std::uint16_t>(60000));
  w.add_raw("i16", 3, raw<std::int16_t>(-30000));
  w.add_raw("i32", 5, raw<std::int32_t>(-2000000000));
  w.add_raw("u64", 10, raw<std::uint64_t>(1ull << 40));
  w.add_raw("i64", 11, raw<std::int64_t>(-(1ll << 40)));
  w.add_raw("f64", 12, raw<double>(0.1));
  w.add_raw("too big", 10, raw<std::uint64_t>(~0ull));
  w.add_raw("flags", 9, raw<std::uint32_t>(7) + raw<std::uint64_t>(2) + std::string("\1\0", 2));
  const std::string bytes = w.bytes();
  const GgufFile file(as_bytes(bytes), "m.gguf");
  EXPECT_EQ(file.integer("u8"), 200);
  EXPECT_EQ(file.integer("i8"), -100);
  EXPECT_EQ(file.integer("u16"), 60000);
  EXPECT_EQ(file.integer("i16"), -30000);
  EXPECT_EQ(file.integer("i32"), -2000000000);
  EXPECT_EQ(file.integer("u64"), 1ll << 40);
  EXPECT_EQ(file.integer("i64"), -(1ll << 40));
  EXPECT_EQ(file.number("f64"), 0.1);
  EXPECT_EQ(file.number("i16"), -30000.0);
  EXPECT_EQ(file.integers("flags"), (std::vector<std::int64_t>{1, 0}));
  EXPECT_TRUE(file.is_list("flags"));
  EXPECT_THROW(file.integer("too big"), Error);
  EXPECT_THROW(file.integer("f64"), Error);
  EXPECT_THROW(file.text("u8"), Error);
  EXPECT_THROW(file.flag("u8"), Error);
  EXPECT_THROW(file.texts("u8"), Error);
  EXPECT_THROW(file.texts("flags"), Error);
  EXPECT_THROW(file.numbers("flags"), Error);
}

TEST(Gguf, ReadsEveryTensorType) {
  test::GgufWriter w;
  w.add_text("general.architecture", "qwen2");
  std::vector<double> values(2 * 512);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<double>(i % 13) / 8 - 0.75;
  for (int t = 0; t <= static_cast<int>(DType::kIQ4_XS); ++t) {
    const auto dtype = static_cast<DType>(t);
    w.add_tensor(dtype_name(dtype), dtype, {2, 512}, values);
  }
  const std::string bytes = w.bytes();
  const GgufFile file(as_bytes(bytes), "m.gguf");
  for (int t = 0; t <= static_cast<int>(DType::kIQ4_XS); ++t) {
    const auto dtype = static_cast<DType>(t);
    const TensorView* view = file.find(dtype_name(dtype));
    ASSERT_NE(view, nullptr);
    EXPECT_EQ(view->dtype, dtype);
    std::vector<float> row(512);
    view->read_row(1, row.data());
    for (std::size_t i = 0; i < 512; ++i)
      EXPECT_NEAR(row[i], values[512 + i], 0.35) << dtype_name(dtype);
  }
}

TEST(Gguf, EveryTruncationIsAnError) {
  const std::string bytes = sample().bytes();
  // The last tensor ends before the padding of the file does.
  for (std::size_t n = 0; n + 32 <= bytes.size(); ++n)
    EXPECT_NE(error_of(bytes.substr(0, n)), "") << n;
}

TEST(Gguf, FlippedBytesNeverCrash) {
  const std::string bytes = sample().bytes();
  EXPECT_TRUE(rc::check([&] {
    std::string damaged = bytes;
    const int flips = *rc::gen::inRange(1, 6);
    for (int i = 0; i < flips; ++i)
      damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())] = *rc::gen::arbitrary<char>();
    error_of(damaged);
  }));
}

TEST(Gguf, NamesWhatIsWrong) {
  EXPECT_THAT(error_of("GGML" + std::string(40, '\0')), HasSubstr("does not begin as a GGUF"));
  test::GgufWriter w = sample();
  w.version = 1;
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("is of GGUF version 1"));
  w.version = 0x03000000;
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("big-endian"));

  w = sample();
  w.add_raw("split.count", 2, raw<std::uint16_t>(3));
  w.add_raw("split.no", 2, raw<std::uint16_t>(1));
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("is part 2 of 3 of a split model"));

  w = sample();
  w.add_u32("general.alignment", 24);
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("general.alignment is 24"));

  w = sample();
  w.add_u32("llama.attention.head_count", 4);
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("llama.attention.head_count is there twice"));

  w = sample();
  w.add_tensor("output_norm.weight", DType::kF32, {8}, std::vector<double>(8, 1));
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("tensor model.norm.weight is there twice"));

  w = sample();
  w.add_tensor_bytes("odd", 12, {1, 255}, std::string(144, '\0'));
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("tensor odd has rows of 255 values; Q4_K needs"));

  w = sample();
  w.add_tensor_bytes("short", 0, {100}, "four");
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("tensor short needs 400 bytes"));

  w = sample();
  w.add_tensor_bytes("huge", 0, {1u << 31, 1u << 31}, "four");
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("tensor huge has a dimension"));

  // A tensor that claims more than its bytes runs into the one after it.
  test::GgufWriter overlapping;
  overlapping.add_tensor_bytes("a", 0, {16}, std::string(32, '\0'));
  overlapping.add_tensor_bytes("b", 0, {16}, std::string(64, '\0'));
  EXPECT_THAT(error_of(overlapping.bytes()), HasSubstr("tensors a and b overlap"));

  w = sample();
  w.add_raw("bad", 13, "");
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("key bad is of type 13"));
  w = sample();
  w.add_raw("bad", 9, raw<std::uint32_t>(4) + raw<std::uint64_t>(1ull << 62));
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("more than the file holds"));
}

TEST(Gguf, ListsInListsAreWalkedToALimit) {
  const auto nested = [](int depth) {
    std::string list = raw<std::uint32_t>(0) + raw<std::uint64_t>(1) + "x";
    for (int i = 1; i < depth; ++i) list = raw<std::uint32_t>(9) + raw<std::uint64_t>(1) + list;
    test::GgufWriter w;
    w.add_raw("deep", 9, list);
    return w.bytes();
  };
  EXPECT_EQ(error_of(nested(4)), "");
  EXPECT_THAT(error_of(nested(5)), HasSubstr("nested deeper"));
  EXPECT_THAT(error_of(nested(5000)), HasSubstr("nested deeper"));
}

TEST(Gguf, TensorsOfOtherTypesAreOnlyRefusedWhenAskedFor) {
  test::GgufWriter w = sample();
  w.add_tensor_bytes("blk.0.ffn_up.weight", 16, {1, 256}, std::string(66, '\0'));
  w.add_tensor_bytes("blk.0.ffn_down.weight", 77, {1, 256}, std::string(66, '\0'));
  const std::string bytes = w.bytes();
  const auto weights = gguf_weights(std::make_shared<const GgufFile>(as_bytes(bytes), "m.gguf"));
  const auto message = [&](const std::string& name) {
    try {
      weights->require(name, {1, 256});
    } catch (const Error& e) {
      return e.message() + " | " + e.hint();
    }
    return std::string();
  };
  EXPECT_THAT(message("model.layers.0.mlp.up_proj.weight"), HasSubstr("is of type IQ2_XXS"));
  EXPECT_THAT(message("model.layers.0.mlp.up_proj.weight"), HasSubstr("supported: F32, F16"));
  EXPECT_THAT(message("model.layers.0.mlp.down_proj.weight"), HasSubstr("is of type number 77"));
}

TEST(Gguf, HeadsMustFitTheRows) {
  test::GgufWriter w;
  w.add_text("general.architecture", "llama");
  w.add_u32("llama.attention.head_count", 5);
  w.add_tensor("blk.0.attn_q.weight", DType::kF32, {8, 2}, std::vector<double>(16, 1));
  EXPECT_THAT(error_of(w.bytes()), HasSubstr("has 8 rows"));
  test::GgufWriter none;
  none.add_text("general.architecture", "llama");
  none.add_tensor("blk.0.attn_q.weight", DType::kF32, {8, 2}, std::vector<double>(16, 1));
  EXPECT_THAT(error_of(none.bytes()), HasSubstr("key llama.attention.head_count is missing"));
}

}  // namespace gguf_test
}  // namespace parley::nn
