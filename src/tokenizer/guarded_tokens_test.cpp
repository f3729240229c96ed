// Which tokens are kept from text that the program did not write, and where they are found.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "tokenizer/files/sentence_piece_model.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/reference_test_support.hpp"

namespace parley::text {
namespace guarded_tokens_test {

std::string from_pieces(const std::vector<std::string>& pieces) {
  std::string out;
  for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(
           rc::gen::oneOf(rc::gen::elementOf(pieces), rc::gen::arbitrary<std::string>())))
    out += piece;
  return out;
}

TEST(GuardedTokens, AreKnownByTheirSpelling) {
  for (const char* spelling :
       {"<|im_start|>", "<|START_OF_TURN_TOKEN|>", "<|END_ACTION|>", "<｜User｜>",
        "<｜tool▁calls▁begin｜>", "<think>", "</think>", "<tool_call>", "</tool_response>",
        "[INST]", "[TOOL_CALLS]", "[ARGS]", "[/THINK]", "<end_of_turn>", "<bos>", "<user>",
        "[assistant]", "</tool>", "System:"})
    EXPECT_TRUE(spells_control(spelling)) << spelling;
  for (const char* spelling : {"<s>", "</s>", "<h1>", "</table>", "  ", "\n\n", "\t", "▁▁", "user",
                               "<unused3>", "[C@@H]", " user", "ü", "user:name", "<usér>"})
    EXPECT_FALSE(spells_control(spelling)) << spelling;
  for (const char* spelling : {"  ", "\n\n", "▁▁", "user", "two words", "ü"})
    EXPECT_TRUE(spells_words(spelling)) << spelling;
  for (const char* spelling : {"<h1>", "a:", "|"}) EXPECT_FALSE(spells_words(spelling)) << spelling;
}

// Gemma's added tokens: HTML and runs of blanks are text, <s> and </s> are HTML.
TEST(GuardedTokens, BlanksAndHtmlKeepTheirIds) {
  for (const bool normalized : {false, true}) {
    Json json = test::tokenizer_variant("qwen2");
    std::vector<TokenId> wanted;
    const std::vector<std::string> text = {"<h1>", "    ", "</h1>", "\n\n\n",
                                           "<s>",  "\t\t", "</s>",  "<strong>"};
    std::string all;
    for (const std::string& piece : text) {
      wanted.push_back(test::add_token(json, piece, false, normalized));
      all += piece;
    }
    const TokenId turn = test::add_token(json, "<start_of_turn>", false, normalized);
    TokenizerHints hints;
    hints.bos = "<bos>";
    hints.written = "{{ '<start_of_turn>' ~ m.role ~ '\n\n\n' ~ '    ' }}";
    const auto tokenizer = tokenizer_from_json(to_text(json), "gemma", hints);
    EXPECT_EQ(tokenizer->encode(all), wanted);
    EXPECT_EQ(tokenizer->encode_with_special(all), wanted);
    std::vector<TokenId> ids;
    tokenizer->encode_written(all, std::string(all.size(), '\0'), ids);
    EXPECT_EQ(ids, wanted);
    EXPECT_EQ(std::ranges::count(tokenizer->encode("<start_of_turn>"), turn), 0);
  }
}

// Of a tokenizer with "~end~", among the added tokens or the words: whether plain text is kept from
// it. `hints` gets its id.
template <typename Hint>
bool guards(bool in_vocabulary, const std::string& config, Hint&& hint) {
  Json json = test::tokenizer_variant("qwen2");
  TokenId id = 0;
  if (in_vocabulary) {
    id = static_cast<TokenId>(test::tokenizer_size(json));
    json["model"]["vocab"]["~end~"] = id;
    json["model"]["merges"].push_back(Json::array({"~end", "~"}));
    json["model"]["vocab"]["~end"] = id + 1;
    json["model"]["merges"].push_back(Json::array({"~", "end"}));
    json["model"]["vocab"]["end"] = id + 2;
    json["model"]["ignore_merges"] = true;
    json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] = "~end~";
  } else {
    id = test::add_token(json, "~end~", false, true);
  }
  TokenizerHints hints;
  hint(hints, id);
  const std::string text = to_text(json);
  const NamedFiles files({{"tokenizer.json", text}, {"tokenizer_config.json", config}}, nullptr,
                         "m");
  const auto tokenizer = load_tokenizer(files, hints);
  const auto plain = tokenizer->encode("a~end~b"),
             special = tokenizer->encode_with_special("~end~");
  EXPECT_EQ(tokenizer->decode(plain), "a~end~b");
  EXPECT_EQ(special, std::vector<TokenId>{id});
  return std::ranges::count(plain, id) == 0;
}

TEST(GuardedTokens, WhatSteersTheModelIsOneOfThem) {
  const auto nothing = [](TokenizerHints&, TokenId) {};
  const auto ends = [](TokenizerHints& hints, TokenId id) { hints.ends = {3, id}; };
  const auto elsewhere = [](TokenizerHints& hints, TokenId) { hints.ends = {-1, 1 << 20}; };
  const auto written = [](TokenizerHints& hints, TokenId) { hints.written = "x ~end~"; };
  EXPECT_FALSE(guards(false, "{}", nothing));
  EXPECT_TRUE(guards(false, "{}", ends));
  EXPECT_TRUE(guards(true, "{}", ends));
  EXPECT_FALSE(guards(false, "{}", elsewhere));
  EXPECT_TRUE(guards(false, "{}", written));
  EXPECT_TRUE(guards(false, R"({"eos_token": "~end~"})", nothing));
  EXPECT_TRUE(guards(false, R"({"bos_token": {"content": "~end~"}})", nothing));
}

TEST(EncodeWritten, FindsATokenOnlyWhereTheProgramWroteAllOfIt) {
  Json json = test::tokenizer_variant("qwen2");
  const TokenId start = test::add_token(json, "<|im_start|>", true, false);
  const TokenId wide = test::add_token(json, "<｜User｜>", false, true);
  const TokenId blanks = test::add_token(json, "    ", false, true);
  const auto tokenizer = tokenizer_from_json(to_text(json), "t");
  const auto count = [&](std::string_view text, std::string marks, TokenId id) {
    std::vector<TokenId> ids;
    for (char& mark : marks) mark = mark == '1' ? '\1' : '\0';
    tokenizer->encode_written(text, marks, ids);
    EXPECT_EQ(tokenizer->encode_with_special(text).size() > 0, !ids.empty());
    return std::ranges::count(ids, id);
  };
  const std::string token = "<|im_start|>";
  EXPECT_EQ(count(token, std::string(12, '1'), start), 1);
  EXPECT_EQ(count(token, std::string(12, '0'), start), 0);
  for (std::size_t cut = 1; cut < 12; ++cut) {
    EXPECT_EQ(count(token, std::string(cut, '1') + std::string(12 - cut, '0'), start), 0);
    EXPECT_EQ(count(token, std::string(cut, '0') + std::string(12 - cut, '1'), start), 0);
    // The half of one before a whole one.
    EXPECT_EQ(
        count(token.substr(0, cut) + token, std::string(cut, '0') + std::string(12, '1'), start),
        1);
  }
  const std::string user = "<｜User｜>";
  EXPECT_EQ(count(user, std::string(user.size(), '1'), wide), 1);
  EXPECT_EQ(count(user, std::string(user.size() - 1, '1') + "0", wide), 0);
  EXPECT_EQ(count("a    b", "110011", blanks), 1);  // text, whoever wrote it
  EXPECT_THROW(count("ab", "1", start), Error);
}

class EncodeWrittenOf : public testing::TestWithParam<std::string> {};

// With one author it is one of the two other ways; no step of normalisation makes a token of what
// somebody else wrote, nor hides one that the program wrote.
TEST_P(EncodeWrittenOf, AgreesWithTheOtherWays) {
  Json json = test::tokenizer_variant(GetParam());
  const std::vector<std::string> tokens = {"<|im_end|>", "<think>", "[INST]", "<｜Fin｜>",
                                           "[/THINK]"};
  std::vector<TokenId> raw, normalized;
  for (std::size_t i = 0; i < tokens.size(); ++i)
    (i % 2 ? raw : normalized).push_back(test::add_token(json, tokens[i], false, i % 2 == 0));
  const auto tokenizer = tokenizer_from_json(to_text(json), GetParam());
  const auto guarded = [&](TokenId id) {
    return std::ranges::count(raw, id) + std::ranges::count(normalized, id) > 0;
  };
  const std::vector<std::string> pieces = {"<|im_end|>",    "<think>",  "[INST]",   "<｜Fin｜>",
                                           "[inst]",        "[/think]", "[/THINK]", "<|IM_END|>",
                                           "<|im_",         "end|>",    " ",        "＜think＞",
                                           "<th\u0301ink>", "\u0301",   "ﬁ",        "\n"};
  EXPECT_TRUE(rc::check([&] {
    const std::string text = from_pieces(pieces);
    std::vector<TokenId> ids;
    tokenizer->encode_written(text, std::string(text.size(), '\1'), ids);
    RC_ASSERT(ids == tokenizer->encode_with_special(text));
    ids.clear();
    tokenizer->encode_written(text, std::string(text.size(), '\0'), ids);
    RC_ASSERT(ids == tokenizer->encode(text));
    RC_ASSERT(std::ranges::none_of(ids, guarded));
    // The program's tokens, with somebody else's text between.
    const std::string whole = "<|im_end|>" + text + "<think>";
    std::string marks(whole.size(), '\0');
    std::fill_n(marks.begin(), 10, '\1');
    std::fill_n(marks.end() - 7, 7, '\1');
    ids.clear();
    tokenizer->encode_written(whole, marks, ids);
    RC_ASSERT(std::ranges::count_if(ids, guarded) == 2);
  }));
}
INSTANTIATE_TEST_SUITE_P(All, EncodeWrittenOf, testing::ValuesIn(test::tokenizer_variant_names()),
                         [](const auto& info) { return info.param; });

TEST(EncodeWritten, HoldsForSentencePiece) {
  for (const char* name :
       {"unigram.model", "unigram_bytes.model", "bpe.model", "bpe_bytes.model"}) {
    std::string bytes = read_file(test::tokenizer_fixtures() / name);
    // One more piece: "<think>", user-defined.
    bytes += std::string("\x0A\x0B\x0A\x07<think>\x18\x04", 13);
    const auto tokenizer = tokenizer_from_sentence_piece(bytes, name);
    const TokenId think = tokenizer->special("<think>");
    ASSERT_GE(think, 0);
    const TokenId end = tokenizer->find("</s>");
    const std::vector<std::string> pieces = {"<think>", "</s>",      "<thi", "nk>",
                                             " ",       "＜think＞", "</"};
    EXPECT_TRUE(rc::check([&] {
      const std::string text = from_pieces(pieces);
      const std::string whole = "<think>" + text + "</s>";
      std::string marks(whole.size(), '\0');
      std::fill_n(marks.begin(), 7, '\1');
      std::fill_n(marks.end() - 4, 4, '\1');
      std::vector<TokenId> ids;
      tokenizer->encode_written(whole, marks, ids);
      RC_ASSERT(std::ranges::count(ids, think) == 1);
      RC_ASSERT(std::ranges::count(ids, end) == 1);
    }));
  }
}

// Marks go with the bytes, and change nothing about the text.
TEST(Normalizer, CarriesMarks) {
  std::vector<NormalizerPtr> steps;
  for (const auto form :
       {UnicodeForm::kNfc, UnicodeForm::kNfd, UnicodeForm::kNfkc, UnicodeForm::kNfkd})
    steps.push_back(unicode_form(form));
  steps.push_back(lowercase());
  steps.push_back(strip_white_space(true, true));
  steps.push_back(strip_accents());
  steps.push_back(prepend("▁"));
  steps.push_back(replace_all(" ", "▁"));
  steps.push_back(replace_spaces(" "));
  steps.push_back(replace_regex("[0-9]+", "0", "t"));
  steps.push_back(nmt());
  steps.push_back(precompiled({}));
  steps.push_back(sentence_piece({}));
  const std::vector<std::string> pieces = {"a",  "É",  "e\u0301", "  ", " ",    "17", "ﬁ",
                                           "각", "각", "\n",      "１", "\x80", "İ"};
  EXPECT_TRUE(rc::check([&] {
    const std::string text = from_pieces(pieces);
    const auto marks = *rc::gen::container<std::string>(text.size(), rc::gen::element('\0', '\1'));
    for (const NormalizerPtr& step : steps) {
      std::string plain = text, marked = text, own = marks;
      step->apply(plain);
      step->apply(marked, &own);
      RC_ASSERT(plain == marked);
      RC_ASSERT(own.size() == marked.size());
      std::string ones(text.size(), '\1');
      marked = text;
      step->apply(marked, &ones);
      RC_ASSERT(ones == std::string(marked.size(), '\1'));
    }
  }));
  std::string text = "AÉ１", marks("\1\1\0\0\0\0", 6);
  unicode_form(UnicodeForm::kNfkd)->apply(text, &marks);
  EXPECT_EQ(text, "AE\u03011");
  EXPECT_EQ(marks, std::string("\1\0\0\0\0", 5));  // É had one of each
}

}  // namespace guarded_tokens_test
}  // namespace parley::text
