#include "nn/files/safetensors.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/bfloat16.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {
namespace safetensors_test {

std::string sample_file() {
  test::TempDir dir;
  const std::vector<float> a = {1, 2, 3, 4, 5, 6};
  const std::vector<std::uint16_t> b = {nearest_bf16(0.5f), nearest_bf16(-2.0f)};
  write_safetensors(dir.path() / "m.safetensors",
                    {{"a", DType::kF32, {2, 3}, a.data()}, {"b", DType::kBF16, {2}, b.data()}});
  return read_file(dir.path() / "m.safetensors");
}

std::string error_of(const std::string& bytes) {
  try {
    parse_safetensors({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    return e.message();
  }
  return "";
}

std::string with_header(const std::string& header, std::size_t body) {
  std::string out(8, '\0');
  for (int i = 0; i < 8; ++i) out[i] = static_cast<char>(header.size() >> (8 * i));
  return out + header + std::string(body, 'x');
}

TEST(Safetensors, ReadsWhatItWrote) {
  const std::string bytes = sample_file();
  const auto source = make_weight_source(
      "m", parse_safetensors({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m"),
      {});
  ASSERT_EQ(source->tensors().size(), 2u);
  std::vector<float> a(6), b(2);
  source->require("a", {2, 3}).read_row(0, a.data());
  source->require("a", {2, 3}).read_row(1, a.data() + 3);
  source->require("b", {2}).read_row(0, b.data());
  EXPECT_EQ(a, (std::vector<float>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(b, (std::vector<float>{0.5f, -2.0f}));
  EXPECT_THROW(source->require("a", {3, 2}), Error);
  EXPECT_THROW(source->require("c", {1}), Error);
}

TEST(Safetensors, EveryTruncationIsAnError) {
  const std::string bytes = sample_file();
  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_NE(error_of(bytes.substr(0, n)), "") << n;
}

TEST(Safetensors, FlippedBytesNeverCrash) {
  const std::string bytes = sample_file();
  EXPECT_TRUE(rc::check([&] {
    std::string damaged = bytes;
    const int flips = *rc::gen::inRange(1, 6);
    for (int i = 0; i < flips; ++i)
      damaged[*rc::gen::inRange<std::size_t>(0, damaged.size())] = *rc::gen::arbitrary<char>();
    error_of(damaged);
  }));
}

TEST(Safetensors, NamesTheTensorThatIsWrong) {
  EXPECT_NE(error_of(with_header(R"({"t":{"dtype":"F32","shape":[4],"data_offsets":[0,8]}})", 16))
                .find("needs 16"),
            std::string::npos);
  EXPECT_NE(
      error_of(
          with_header(
              R"({"t":{"dtype":"F32","shape":[1099511627776,1099511627776,16],"data_offsets":[0,8]}})",
              16))
          .find("larger than the file"),
      std::string::npos);
  EXPECT_NE(
      error_of(
          with_header(
              R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
              16))
          .find("overlap"),
      std::string::npos);
  EXPECT_NE(error_of(with_header("{\"t\":" + std::string(100, '['), 4)).find("nested deeper"),
            std::string::npos);
}

TEST(Safetensors, SetsAsideTheTypesItDoesNotRead) {
  const std::string bytes = with_header(
      R"({"t":{"dtype":"I8","shape":[4],"data_offsets":[0,4]},"w":{"dtype":"F16","shape":[2],"data_offsets":[4,8]}})",
      8);
  const auto source = make_weight_source(
      "m", parse_safetensors({reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()}, "m"),
      {});
  EXPECT_NE(source->find("w"), nullptr);
  EXPECT_EQ(source->find("t"), nullptr);
  try {
    source->require("t", {4});
    ADD_FAILURE();
  } catch (const Error& e) {
    EXPECT_EQ(e.message(), "m: tensor t is of type I8");
  }
  EXPECT_NE(error_of(with_header(R"({"t":{"dtype":"I64","shape":[4],"data_offsets":[0,4]}})", 8)),
            "");
}

TEST(ModelConfig, SavesLoadsAndNamesKeys) {
  test::TempDir dir;
  ModelConfig config;
  config.vocabulary = 512, config.width = 64, config.layers = 5, config.heads = 8,
  config.kv_heads = 4, config.head_dim = 8;
  config.hidden = 172, config.context = 512, config.bos = 1, config.eos = 2;
  write_model_config(config, dir.path() / "config.json");
  const ModelConfig back = read_model_config(dir.path() / "config.json");
  EXPECT_EQ(back.parameters(), config.parameters());
  EXPECT_EQ(back.kv_heads, 4);
  EXPECT_EQ(back.norm_epsilon, config.norm_epsilon);
  const auto message = [](const std::string& text) {
    try {
      parse_model_config(text, "config.json");
    } catch (const Error& e) {
      return e.message();
    }
    return std::string();
  };
  EXPECT_NE(message(R"({"model_type":"mamba"})").find("model_type is 'mamba'"), std::string::npos);
  EXPECT_NE(message(R"({"vocab_size":"many"})").find("vocab_size"), std::string::npos);
  EXPECT_NE(
      message(
          R"({"vocab_size":10,"hidden_size":8,"num_hidden_layers":1,"num_attention_heads":3,"num_key_value_heads":2})")
          .find("num_key_value_heads"),
      std::string::npos);
}

}  // namespace safetensors_test
}  // namespace parley::nn
