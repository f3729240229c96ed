// Token ids against those of the reference libraries, made by tests/fixtures/tokenizers/make.py
// (SentencePiece) and make.mjs (Hugging Face).
#include <gtest/gtest.h>

#include "base/file.hpp"
#include "text/utf8.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/reference_test_support.hpp"
#include "tokenizer/vocabulary_table.hpp"

namespace parley::text {
namespace tokenizer_reference_test {

const Json& expected() {
  static const Json made = read_json_file(test::tokenizer_fixtures() / "expected.json");
  return made;
}

std::uint32_t checksum(std::string_view text) {  // FNV-1a
  std::uint32_t h = 0x811c9dc5;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return h;
}

std::string joined(const std::vector<TokenId>& ids) {
  std::string out;
  for (const TokenId id : ids) out += (out.empty() ? "" : " ") + std::to_string(id);
  return out;
}

class SentencePieceReference : public testing::TestWithParam<const char*> {};

TEST_P(SentencePieceReference, GivesTheSameIds) {
  const std::string name = GetParam();
  const std::string bytes = read_file(test::tokenizer_fixtures() / (name + ".model"));
  const auto tokenizer = tokenizer_from_sentence_piece(bytes, name);
  const Json& ids = expected()["sentence_piece"][name];
  ASSERT_EQ(ids.size(), expected()["texts"].size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::string text = expected()["texts"][i];
    EXPECT_EQ(tokenizer->encode(text), ids[i].get<std::vector<TokenId>>()) << text;
    EXPECT_EQ(tokenizer->encode(text), ids[i].get<std::vector<TokenId>>()) << "cached: " << text;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SentencePieceReference,
                         testing::Values("unigram", "unigram_bytes", "bpe", "bpe_bytes"),
                         [](const auto& info) { return std::string(info.param); });

class HuggingFaceReference : public testing::TestWithParam<std::string> {};

TEST_P(HuggingFaceReference, GivesTheSameIds) {
  const auto tokenizer =
      tokenizer_from_json(to_text(test::tokenizer_variant(GetParam())), GetParam());
  const Json& sums = expected()["hugging_face"][GetParam()];
  const Json decoded = expected()["decoded"].value(GetParam(), Json::array());
  ASSERT_EQ(sums.size(), expected()["texts"].size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const std::string text = expected()["texts"][i];
    const auto ids = tokenizer->encode_with_special(text);
    EXPECT_EQ(checksum(joined(ids)), sums[i].get<std::uint32_t>()) << text << "\n" << joined(ids);
    if (!decoded.empty()) {
      EXPECT_EQ(checksum(repair_utf8(tokenizer->decode(ids))), decoded[i].get<std::uint32_t>())
          << text << "\n"
          << tokenizer->decode(ids);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, HuggingFaceReference,
                         testing::ValuesIn(test::tokenizer_variant_names()),
                         [](const auto& info) { return info.param; });

// The table a GGUF file would hold for a byte-level tokenizer.json.
VocabularyTable byte_level_table(const std::string& variant, const std::string& pre) {
  const Json model = test::tokenizer_variant(variant)["model"];
  VocabularyTable table;
  table.model = "gpt2";
  table.pre = pre;
  table.tokens.resize(model["vocab"].size());
  for (const auto& [token, id] : model["vocab"].items())
    table.tokens[id.get<std::size_t>()] = token;
  for (const Json& merge : model["merges"])
    table.merges.push_back(merge[0].get<std::string>() + " " + merge[1].get<std::string>());
  return table;
}

TEST(VocabularyTable, AgreesWithTheCheckpointItWasMadeFrom) {
  const std::pair<const char*, const char*> kPairs[] = {
      {"llama3", "llama-bpe"}, {"gpt2", "gpt-2"},    {"smollm", "smollm"},
      {"o200k", "gpt-4o"},     {"tekken", "tekken"}, {"deepseek", "deepseek-v3"}};
  for (const auto& [variant, pre] : kPairs) {
    const auto table = tokenizer_from_table(byte_level_table(variant, pre), "table");
    const auto json = tokenizer_from_json(to_text(test::tokenizer_variant(variant)), variant);
    for (const Json& text : expected()["texts"])
      EXPECT_EQ(table->encode(text.get<std::string>()), json->encode(text.get<std::string>()))
          << variant << ": " << text;
  }
}

TEST(VocabularyTable, ScoredPiecesAgreeWithTheirMerges) {
  const auto json = tokenizer_from_json(to_text(test::tokenizer_variant("llama2")), "llama2");
  VocabularyTable table;
  table.model = "llama";
  for (TokenId id = 0; id < json->vocabulary_size(); ++id) {
    const std::string piece(json->piece(id));
    table.tokens.push_back(piece);
    table.scores.push_back(static_cast<float>(-id));
    const bool byte = piece.size() == 6 && piece.starts_with("<0x");
    // The two user-defined symbols of the model are none of the merges' tokens.
    const bool control = id < 3 || piece == "<sep>" || piece == "\xE2\x96\x81\xE2\x96\x81";
    table.types.push_back(id == 0 ? 2 : control ? 3 : byte ? 6 : 1);
  }
  table.bos = 1;
  table.eos = 2;
  const auto tokenizer = tokenizer_from_table(table, "table");
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_FALSE(tokenizer->add_eos());
  for (const Json& entry : expected()["texts"]) {
    const std::string text = entry;
    EXPECT_EQ(tokenizer->encode(text), json->encode(text)) << text;
    if (text.find(kSpaceSymbol) == std::string::npos)  // which reads as a space
      EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
}

}  // namespace tokenizer_reference_test
}  // namespace parley::text
