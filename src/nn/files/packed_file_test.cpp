// A packed file gives the bits of the model it was written from, and refuses everything else.
#include "nn/files/packed_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/test_support.hpp"
#include "base/thread_team.hpp"
#include "nn/files/gguf_test_support.hpp"
#include "nn/files/packed_header.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/model/forward.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::nn {
namespace packed_file_test {

using ::testing::HasSubstr;

constexpr int kTokens = 40;

std::vector<float> logits(const Model& model) {
  ThreadTeam team(1);
  KvCache cache(model.config(), model.is_float32(), 2);
  ForwardPass forward(model, select_kernels(), cache, team, kTokens, kTokens);
  KvSequence sequence(cache);
  sequence.reserve(kTokens);
  const auto tokens = test::random_tokens(model.config().vocabulary, kTokens);
  std::vector<Row> rows;
  for (int i = 0; i < kTokens; ++i)
    rows.push_back({tokens[static_cast<std::size_t>(i)], i, &sequence, true});
  forward.run(rows);
  std::vector<float> out;
  for (int i = 0; i < kTokens; ++i) {
    const auto row = forward.logits(i);
    out.insert(out.end(), row.begin(), row.end());
  }
  return out;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

PackedFile open_packed(const std::filesystem::path& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  return {file->bytes(), file, path.filename().string()};
}

struct Packed {
  test::TempDir dir;
  std::unique_ptr<Model> model;
  std::filesystem::path path = dir.path() / "model.parley";
  explicit Packed(test::Family family, Precision precision = Precision::kInt8) {
    test::write_tiny_checkpoint(dir.path(), family);
    model = Model::load(dir.path(), {precision});
    PackedWriter(*model, 2).write(path, "source", {{"tokenizer.json", "{}"}});
  }
  std::string bytes() const { return read_file(path); }
};

class EveryPackedFamily : public ::testing::TestWithParam<test::Family> {};

TEST_P(EveryPackedFamily, GivesTheSameLogits) {
  for (const Precision precision : {Precision::kInt8, Precision::kInt4, Precision::kFloat32}) {
    const Packed packed(GetParam(), precision);
    const PackedFile file = open_packed(packed.path);
    file.verify(2);
    EXPECT_EQ(file.address(), PackedWriter(*packed.model, 1).address());
    const auto again = file.model(0);
    EXPECT_EQ(again->parameters(), packed.model->parameters());
    EXPECT_EQ(again->precision(), precision);
    EXPECT_TRUE(same_bits(logits(*packed.model), logits(*again))) << precision_name(precision);
    EXPECT_EQ(PackedWriter(*again, 1).address(), file.address()) << "packed from a packed file";
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryPackedFamily, ::testing::ValuesIn(test::kFamilies),
                         [](const auto& info) { return test::family_name(info.param); });

TEST(PackedFile, KeepsAnEmbeddingInBlocks) {
  const test::TempDir dir;
  test::write_tiny_checkpoint(dir.path(), test::Family::kLlama3, 1, test::StoredAs::kFloat32);
  test::write_gguf_of(dir.path(), dir.path() / "m.gguf", DType::kQ8_0);
  const auto model = Model::load(dir.path() / "m.gguf", {});
  PackedWriter(*model, 1).write(dir.path() / "m.parley", "source", {});
  EXPECT_TRUE(same_bits(logits(*model), logits(*Model::load(dir.path() / "m.parley", {}))));
}

TEST(PackedFile, CarriesFilesAndItsSource) {
  const Packed packed(test::Family::kLlama);
  const PackedFile file = open_packed(packed.path);
  EXPECT_EQ(file.source(), "source");
  ASSERT_EQ(file.files().count("tokenizer.json"), 1u);
  EXPECT_EQ(file.files().at("tokenizer.json").bytes.size(), 2u);
}

TEST(PackedFile, RefusesEveryTruncationAndEveryDamagedByte) {
  const Packed packed(test::Family::kLlama);
  const std::string whole = packed.bytes();
  const auto try_bytes = [](const std::string& bytes) {
    const PackedFile file(std::as_bytes(std::span<const char>(bytes)), nullptr, "f");
    file.verify(1);
    file.model(0);
  };
  try_bytes(whole);
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 3)
    EXPECT_THROW(try_bytes(whole.substr(0, size)), Error) << size;
  PackedStart start;
  std::memcpy(&start, whole.data(), sizeof start);
  const std::size_t header_end = sizeof start + start.header_bytes;
  // The bytes between header and data are nobody's, as those between sections.
  for (std::size_t at = 0; at < header_end; at += at < sizeof start ? 1 : 97) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    EXPECT_THROW(try_bytes(damaged), Error) << at;
  }
  const PackedFile file = open_packed(packed.path);
  const auto head = file.model(0)->head().w_data();
  std::string damaged = whole;
  const auto at = whole.find(std::string(reinterpret_cast<const char*>(head.data()), 64));
  ASSERT_NE(at, std::string::npos);
  damaged[at + 5] = static_cast<char>(damaged[at + 5] ^ 1);
  try {
    try_bytes(damaged);
    FAIL();
  } catch (const Error& e) {
    EXPECT_THAT(e.message(), HasSubstr("head.w does not have its SHA-256"));
  }
}

// A header that says something else, with the right hash: what is left is its own checks.
std::string with_header(const std::string& whole, const std::function<void(Json&)>& change) {
  PackedStart start;
  std::memcpy(&start, whole.data(), sizeof start);
  Json header = parse_json(whole.substr(sizeof start, start.header_bytes), "header");
  change(header);
  const std::string text = to_text(header);
  const std::string data = whole.substr(start.data_start);
  start.header_bytes = static_cast<std::uint32_t>(text.size());
  start.data_start = (sizeof start + text.size() + kPackedPage - 1) / kPackedPage * kPackedPage;
  start.file_bytes = start.data_start + data.size();
  Sha256 hash;
  hash.update(text);
  const Digest digest = hash.digest();
  std::memcpy(start.header_sha256, digest.data(), digest.size());
  std::string out(reinterpret_cast<const char*>(&start), sizeof start);
  out += text;
  out.resize(start.data_start);
  return out + data;
}

TEST(PackedFile, NamesWhatDoesNotFit) {
  const Packed packed(test::Family::kPhi3LongRope);
  const std::string whole = packed.bytes();
  const auto message = [&](const std::function<void(Json&)>& change) -> std::string {
    const std::string bytes = with_header(whole, change);
    try {
      PackedFile(std::as_bytes(std::span<const char>(bytes)), nullptr, "f").model(0);
    } catch (const Error& e) {
      return e.message();
    }
    return "accepted";
  };
  EXPECT_EQ(message([](Json&) {}), "accepted");
  EXPECT_THAT(message([](Json& h) { h["config"]["heads"] = 0; }), HasSubstr("config.heads"));
  EXPECT_THAT(message([](Json& h) { h["config"]["heads"] = "4"; }), HasSubstr("config.heads"));
  EXPECT_THAT(message([](Json& h) { h["config"].erase("width"); }), HasSubstr("config.width"));
  EXPECT_THAT(message([](Json& h) { h["config"]["vocabulary"] = 1 << 24; }), HasSubstr("head.w"));
  EXPECT_THAT(message([](Json& h) { h["config"]["hidden"] = 999; }), HasSubstr("does not fit"));
  EXPECT_THAT(message([](Json& h) { h["config"]["layers"] = 4000; }), HasSubstr("is missing"));
  EXPECT_THAT(message([](Json& h) { h["config"]["rope_long_factor"] = Json::array(); }),
              HasSubstr("rope_long_factor"));
  EXPECT_THAT(message([](Json& h) { h["precision"] = "int3"; }), HasSubstr("int3"));
  EXPECT_THAT(message([](Json& h) { h["tables"]["embedding"] = "F99"; }), HasSubstr("F99"));
  EXPECT_THAT(message([](Json& h) { h["sections"][3]["offset"] = 1; }), HasSubstr("outside"));
  EXPECT_THAT(message([](Json& h) { h["sections"][3]["bytes"] = ~0ull; }), HasSubstr("outside"));
  EXPECT_THAT(message([](Json& h) { h["sections"][3] = h["sections"][4]; }), HasSubstr("twice"));
  EXPECT_THAT(message([](Json& h) { h = Json::array(); }), HasSubstr("no configuration"));
}

}  // namespace packed_file_test
}  // namespace parley::nn
