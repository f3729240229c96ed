// One vocabulary of several files. Expected values follow what transformers documents of slow
// tokenizers: an added token's id is the file's, it is found before SentencePiece sees the text,
// and what stands between two of them is encoded as a text of its own.
#include "tokenizer/files/tokens_beside.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

#include "base/error.hpp"
#include "base/file.hpp"
#include "tokenizer/reference_test_support.hpp"

namespace parley::text {
namespace tokens_beside_test {

using ::testing::HasSubstr;
using Ids = std::vector<TokenId>;

constexpr TokenId kBase = 600;  // pieces of bpe_bytes.model

// The fixture with these files beside it.
struct Beside {
  std::map<std::string, std::string> texts = {
      {"tokenizer.model", read_file(test::tokenizer_fixtures() / "bpe_bytes.model")}};
  TokenizerHints hints;

  Beside& with(const std::string& name, const Json& json) {
    texts[name] = to_text(json);
    return *this;
  }
  std::unique_ptr<Tokenizer> load() const {
    std::map<std::string, std::string_view> views;
    for (const auto& [name, text] : texts) views[name] = text;
    return load_tokenizer(NamedFiles(std::move(views), nullptr, "m"), hints);
  }
  std::string problem() const {
    try {
      load();
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
      EXPECT_FALSE(e.hint().empty());
      return e.message();
    }
    return "no error";
  }
};

Json flags(const std::string& content, bool special = true) {
  return {{"content", content}, {"special", special},  {"lstrip", false},
          {"rstrip", false},    {"normalized", false}, {"single_word", false}};
}

Json decoder(const std::vector<std::pair<TokenId, Json>>& tokens) {
  Json out = Json::object();
  for (const auto& [id, token] : tokens) out[std::to_string(id)] = token;
  return {{"added_tokens_decoder", out}};
}

Ids joined(std::initializer_list<Ids> parts) {
  Ids out;
  for (const Ids& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

TEST(TokensBeside, AreOneVocabularyWithTheModel) {
  const auto base = Beside().load();
  ASSERT_EQ(base->vocabulary_size(), kBase);
  const Json map = {{"<|turn|>", kBase}, {"<|stop|>", kBase + 1}};
  Json config = decoder({{kBase, flags("<|turn|>")}, {kBase + 1, flags("<|stop|>")}});
  config["eos_token"] = "<|stop|>";
  // Said by either file; that the end is special, tokenizer_config.json says in both.
  const auto by_map = Beside()
                          .with("added_tokens.json", map)
                          .with("tokenizer_config.json", {{"eos_token", "<|stop|>"}});
  for (const auto& tokenizer :
       {Beside().with("tokenizer_config.json", config).load(), by_map.load()}) {
    EXPECT_EQ(tokenizer->vocabulary_size(), kBase + 2);
    EXPECT_EQ(tokenizer->encode_with_special("<|turn|>the ship<|stop|>\n"),
              joined({{kBase}, base->encode("the ship"), {kBase + 1}, base->encode("\n")}));
    EXPECT_EQ(tokenizer->piece(kBase), "<|turn|>");
    EXPECT_EQ(tokenizer->special("<|stop|>"), kBase + 1);
    EXPECT_EQ(tokenizer->eos(), kBase + 1);
    EXPECT_TRUE(tokenizer->is_special(kBase + 1));
    EXPECT_EQ(tokenizer->encode("the ship"), base->encode("the ship"));
  }
}

// A dummy prefix stands before every part of the text between tokens, as `legacy` has it.
TEST(TokensBeside, PartsOfATextHaveTheModelsPrefix) {
  Beside files;
  files.texts["tokenizer.model"] = read_file(test::tokenizer_fixtures() / "unigram.model");
  const auto base = files.load();
  const TokenId mark = base->vocabulary_size();
  const auto tokenizer = files.with("added_tokens.json", {{"<|turn|>", mark}}).load();
  EXPECT_EQ(tokenizer->encode_with_special("the<|turn|>ship"),
            joined({base->encode("the"), {mark}, base->encode("ship")}));
}

TEST(TokensBeside, SpacesAsLlamaTokenizerHasThemWithoutItsLegacyWay) {
  const auto base = Beside().load();  // puts no space in front by itself
  const Json added = {{"<|turn|>", kBase}};
  Json config = {{"tokenizer_class", "LlamaTokenizer"},
                 {"legacy", false},
                 {"additional_special_tokens", Json::array({"<|turn|>"})}};
  const auto once =
      Beside().with("added_tokens.json", added).with("tokenizer_config.json", config).load();
  EXPECT_EQ(once->encode_with_special("the<|turn|>ship"),
            joined({base->encode(" the"), {kBase}, base->encode("ship")}));
  EXPECT_EQ(once->encode_with_special("<|turn|>ship"), joined({{kBase}, base->encode("ship")}));
  EXPECT_EQ(once->decode(once->encode("the ship")), "the ship");
  config["add_prefix_space"] = false;
  const auto never =
      Beside().with("added_tokens.json", added).with("tokenizer_config.json", config).load();
  EXPECT_EQ(never->encode_with_special("the"), base->encode("the"));
  Beside trimming;
  trimming.texts["tokenizer.model"] = read_file(test::tokenizer_fixtures() / "unigram.model");
  EXPECT_THAT(trimming.with("tokenizer_config.json", config).problem(),
              HasSubstr("normalizer_spec.remove_extra_whitespaces is true"));
}

TEST(TokensBeside, EveryFlagIsHonoured) {
  const auto base = Beside().load();
  const auto with = [](const char* flag) {
    Json token = flags("<x>", false);
    token[flag] = true;
    return Beside().with("tokenizer_config.json", decoder({{kBase, token}})).load();
  };
  const Ids mark = {kBase};
  EXPECT_EQ(with("lstrip")->encode("a  <x>  b"),
            joined({base->encode("a"), mark, base->encode("  b")}));
  EXPECT_EQ(with("rstrip")->encode("a  <x>  b"),
            joined({base->encode("a  "), mark, base->encode("b")}));
  EXPECT_EQ(with("single_word")->encode("a <x> b"),
            joined({base->encode("a "), mark, base->encode(" b")}));
  // Slow tokenizers ask for a blank beside it, not for the end of a word.
  EXPECT_EQ(with("single_word")->encode("a.<x> b"), base->encode("a.<x> b"));
  EXPECT_EQ(with("single_word")->encode("a <x>, b"), base->encode("a <x>, b"));
  // Normalised or not, it is found in the text as it came.
  EXPECT_EQ(with("normalized")->encode("a<x>"), joined({base->encode("a"), mark}));
  EXPECT_TRUE(with("special")->is_special(kBase));
  EXPECT_FALSE(with("lstrip")->is_special(kBase));
}

TEST(TokensBeside, AnIdOfThePiecesCanBeTakenOver) {
  const auto base = Beside().load();
  const TokenId taken = base->find("it");
  ASSERT_GE(taken, 0);
  const auto tokenizer =
      Beside().with("tokenizer_config.json", decoder({{taken, flags("<|tool|>")}})).load();
  EXPECT_EQ(tokenizer->vocabulary_size(), kBase);
  EXPECT_EQ(tokenizer->piece(taken), "<|tool|>");
  EXPECT_EQ(tokenizer->encode_with_special("<|tool|>"), Ids{taken});
  // It steers the model, so the piece that had its id comes out of no text.
  EXPECT_EQ(std::ranges::count(tokenizer->encode("bit by bit"), taken), 0);
  EXPECT_EQ(tokenizer->decode(tokenizer->encode("bit by bit")), "bit by bit");
  EXPECT_THAT(Beside()
                  .with("tokenizer_config.json", decoder({{base->find("<0x41>"), flags("<a>")}}))
                  .problem(),
              HasSubstr("and elsewhere that id is \"<0x41>\""));
}

TEST(TokensBeside, NamedTokensWithoutAnIdComeNext) {
  const Json named = {
      {"bos_token", "<|first|>"},
      {"pad_token", "<|pad|>"},
      {"additional_special_tokens", Json::array({"<|extra|>", Json{{"content", "<|more|>"}}})}};
  const auto tokenizer = Beside().with("special_tokens_map.json", named).load();
  // In transformers' order: the padding counts, as others stand behind it.
  EXPECT_EQ(tokenizer->encode_with_special("<|first|><|pad|><|extra|><|more|>"),
            (Ids{kBase, kBase + 1, kBase + 2, kBase + 3}));
  EXPECT_EQ(tokenizer->bos(), kBase);
  // Padding alone is used by nothing, and makes no vocabulary larger than its model.
  EXPECT_EQ(
      Beside().with("tokenizer_config.json", {{"pad_token", "<|pad|>"}}).load()->vocabulary_size(),
      kBase);
  // A character, or words, that are named so stay text.
  const auto base = Beside().load();
  const auto words = Beside().with("tokenizer_config.json", {{"pad_token", "e"}}).load();
  EXPECT_EQ(words->encode("the e"), base->encode("the e"));
  EXPECT_EQ(words->decode(words->encode("the e")), "the e");
}

TEST(TokensBeside, TheNewerFileIsAllThereIs) {
  const Beside files = Beside()
                           .with("tokenizer_config.json", decoder({{kBase, flags("<|turn|>")}}))
                           .with("added_tokens.json", {{"<|old|>", kBase + 7}})
                           .with("special_tokens_map.json", {{"bos_token", "<|old|>"}});
  EXPECT_EQ(files.load()->vocabulary_size(), kBase + 1);
  EXPECT_EQ(files.load()->special("<|old|>"), -1);
}

TEST(TokensBeside, FlagsHoldOverThoseOfTokenizerJson) {
  Json json = test::tokenizer_variant("qwen2");
  const TokenId id = test::add_token(json, "<x>", false, false);
  Beside files;
  files.texts.clear();
  files.with("tokenizer.json", json);
  EXPECT_FALSE(files.load()->is_special(id));
  EXPECT_TRUE(
      files.with("tokenizer_config.json", decoder({{id, flags("<x>")}})).load()->is_special(id));
  EXPECT_THAT(files.with("tokenizer_config.json", decoder({{id + 1, flags("<x>")}})).problem(),
              HasSubstr("and elsewhere the same token has the id " + std::to_string(id)));
  EXPECT_THAT(files.with("tokenizer_config.json", decoder({{id, flags("<y>")}})).problem(),
              HasSubstr("and elsewhere that id is \"<x>\""));
}

TEST(TokensBeside, SaysWhatIsWrong) {
  const auto config = [](const Json& json) {
    return Beside().with("tokenizer_config.json", json).problem();
  };
  EXPECT_EQ(config({{"added_tokens_decoder", {{"x1", flags("<x>")}}}}),
            "m/tokenizer_config.json: added_tokens_decoder[x1] is no id");
  EXPECT_THAT(config({{"added_tokens_decoder", {{"600", "<x>"}}}}),
              HasSubstr("[600] is not an object"));
  EXPECT_THAT(config(decoder({{kBase, {{"special", true}}}})), HasSubstr("has no content"));
  EXPECT_THAT(config(decoder({{kBase, {{"content", "<x>"}, {"lstrip", 1}}}})),
              HasSubstr("[600].lstrip is not true or false"));
  EXPECT_THAT(config(decoder({{100'000, flags("<x>")}})), HasSubstr("too far behind the others"));
  EXPECT_THAT(config(decoder({{kBase, flags("<s>")}})), HasSubstr("the same token has the id 1"));
  EXPECT_THAT(config({{"eos_token", 5}}), HasSubstr("eos_token is not the spelling of a token"));
  EXPECT_THAT(config({{"add_bos_token", "yes"}}), HasSubstr("add_bos_token is not true or false"));
  EXPECT_THAT(config({{"additional_special_tokens", "<x>"}}), HasSubstr("is not a list"));
  EXPECT_THAT(Beside().with("added_tokens.json", {{"<x>", "600"}}).problem(),
              HasSubstr("m/added_tokens.json: \"<x>\" has no id"));
  EXPECT_THAT(Beside().with("added_tokens.json", {{"<x>", kBase}, {"<y>", kBase}}).problem(),
              HasSubstr("and elsewhere that id is"));
}

// What is added steers the model, whichever file it came with: no text becomes it.
TEST(TokensBeside, TypedTextForgesNoneOfThem) {
  Json config = decoder({{kBase, flags("<|turn|>")}, {kBase + 1, flags("~end~", false)}});
  config["additional_special_tokens"] = Json::array({"<|late|>"});
  Beside files = Beside().with("tokenizer_config.json", config);
  files.hints.ends = {kBase + 1};
  const auto tokenizer = files.load();
  EXPECT_EQ(tokenizer->encode_with_special("<|turn|>~end~<|late|>"),
            (Ids{kBase, kBase + 1, kBase + 2}));
  const std::vector<std::string> pieces = {"<|turn|>", "~end~", "<|late|>", "<|tu",
                                           "rn|>",     " ",     "the",      "~"};
  EXPECT_TRUE(rc::check([&] {
    std::string text;
    for (const std::string& piece : *rc::gen::container<std::vector<std::string>>(
             rc::gen::oneOf(rc::gen::elementOf(pieces), rc::gen::arbitrary<std::string>())))
      text += piece;
    RC_ASSERT(
        std::ranges::none_of(tokenizer->encode(text), [](TokenId id) { return id >= kBase; }));
    const std::string whole = "<|turn|>" + text + "~end~";
    std::string marks(whole.size(), '\0');
    std::fill_n(marks.begin(), 8, '\1');
    std::fill_n(marks.end() - 5, 5, '\1');
    Ids ids;
    tokenizer->encode_written(whole, marks, ids);
    RC_ASSERT(std::ranges::count(ids, kBase) == 1);
    RC_ASSERT(std::ranges::count(ids, kBase + 1) == 1);
    RC_ASSERT(std::ranges::count(ids, kBase + 2) == 0);
  }));
}

}  // namespace tokens_beside_test
}  // namespace parley::text
