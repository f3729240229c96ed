#include "tokenizer/bpe.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/test_support.hpp"
#include "tokenizer/bpe_trainer.hpp"
#include "tokenizer/files/tokenizer_json.hpp"
#include "tokenizer/pre_tokenizer.hpp"

namespace parley::text {
namespace bpe_test {

constexpr std::string_view kSpecial[] = {"<|bos|>",  "<|end|>",       "<|system|>",
                                         "<|user|>", "<|assistant|>", "<|document|>"};

TextSource once(std::vector<std::string> pieces) {
  auto shared = std::make_shared<std::vector<std::string>>(std::move(pieces));
  auto next = std::make_shared<std::size_t>(0);
  return [shared, next](std::string& out) {
    if (*next >= shared->size()) return false;
    out = (*shared)[(*next)++];
    return true;
  };
}

const std::string kText =
    "The ship sails at dawn. The ship's captain isn't here; they're sailing at 10:45 with 1234 "
    "passengers!\n\n"
    "  Naïve café — 日本語 テスト, emoji 🎬🎬, tabs\t\tand   spaces.\r\nThe end of the ship, the "
    "end of the day.";

BpeModel small_model(int vocabulary = 400, int threads = 1) {
  BpeTrainOptions options;
  options.special_tokens = kSpecial;
  options.vocabulary = vocabulary;
  options.threads = threads;
  return train_bpe(once({kText, kText, kText}), options);
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t n = next_word(text);
    out.emplace_back(text.substr(0, n));
    text.remove_prefix(n);
  }
  return out;
}

TEST(PreTokenizer, SplitsAsTheRegularExpressionDoes) {
  using V = std::vector<std::string>;
  EXPECT_EQ(words("Hello world"), (V{"Hello", " world"}));
  EXPECT_EQ(words("it's they'RE"), (V{"it", "'s", " they", "'RE"}));
  EXPECT_EQ(words("12345 a"), (V{"123", "45", " a"}));
  EXPECT_EQ(words("a   b"), (V{"a", "  ", " b"}));
  EXPECT_EQ(words("a \n\n b"), (V{"a", " \n\n", " b"}));
  EXPECT_EQ(words("x!!\n\ny"), (V{"x", "!!\n\n", "y"}));
  EXPECT_EQ(words(" (yes)"), (V{" (", "yes", ")"}));
  EXPECT_EQ(words("end  "), (V{"end", "  "}));
  EXPECT_EQ(words("\tfoo"), (V{"\tfoo"}));
  EXPECT_EQ(words("'quoted'"), (V{"'quoted", "'"}));
  EXPECT_EQ(words("a  1"), (V{"a", " ", " ", "1"}));
}

TEST(Bpe, RoundTripsAnyBytes) {
  const BpeTokenizer tokenizer(small_model());
  EXPECT_TRUE(rc::check("decode(encode(x)) == x", [&](const std::vector<std::uint8_t>& bytes) {
    const std::string text(bytes.begin(), bytes.end());
    RC_ASSERT(tokenizer.decode(tokenizer.encode(text)) == text);
  }));
  EXPECT_TRUE(rc::check("also where the text resembles what was learnt", [&] {
    std::string text;
    const int pieces = *rc::gen::inRange(0, 40);
    for (int i = 0; i < pieces; ++i) {
      const auto from = *rc::gen::inRange<std::size_t>(0, kText.size());
      text += kText.substr(from, *rc::gen::inRange<std::size_t>(0, 30));
    }
    RC_ASSERT(tokenizer.decode(tokenizer.encode(text)) == text);
  }));
}

// The definition, slowly: merge the lowest-ranked pair, leftmost first, until none is left.
std::vector<TokenId> encode_by_definition(const BpeModel& model, std::string_view text) {
  std::vector<TokenId> out;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, next_word(text));
    std::vector<TokenId> symbols;
    for (const char c : word) {
      for (TokenId id = 0; id < static_cast<TokenId>(model.tokens.size()); ++id) {
        if (!model.special[id] && model.tokens[id] == std::string(1, c)) symbols.push_back(id);
      }
    }
    for (const Merge& merge : model.merges) {
      for (std::size_t i = 0; i + 1 < symbols.size(); ++i) {
        if (symbols[i] == merge.left && symbols[i + 1] == merge.right) {
          symbols[i] = merge.result;
          symbols.erase(symbols.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        }
      }
    }
    out.insert(out.end(), symbols.begin(), symbols.end());
    text.remove_prefix(word.size());
  }
  return out;
}

TEST(Bpe, EqualsTheDefinition) {
  const BpeModel model = small_model();
  const BpeTokenizer tokenizer(model);
  EXPECT_EQ(tokenizer.encode(kText), encode_by_definition(model, kText));
  EXPECT_TRUE(rc::check([&] {
    const auto letters =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("teh ndsip'\n1")));
    RC_ASSERT(tokenizer.encode(letters) == encode_by_definition(model, letters));
  }));
  const std::string one_long_word(500, 'e');  // the heap path
  EXPECT_EQ(tokenizer.encode(one_long_word + "thethethe"),
            encode_by_definition(model, one_long_word + "thethethe"));
}

TEST(BpeTrainer, DoesNotDependOnThreads) {
  std::vector<std::string> pieces(64, kText);
  BpeTrainOptions one, four;
  one.vocabulary = four.vocabulary = 420;
  one.threads = 1;
  four.threads = 4;
  EXPECT_EQ(train_bpe(once(pieces), one).tokens, train_bpe(once(pieces), four).tokens);
}

TEST(BpeTrainer, MergesTheMostFrequentPairFirst) {
  BpeTrainOptions options;
  options.special_tokens = kSpecial;
  options.vocabulary = 262 + 2;
  const BpeModel model = train_bpe(once({"abab abab xy"}), options);
  ASSERT_EQ(model.merges.size(), 2u);
  EXPECT_EQ(model.tokens[262], "ab");
  EXPECT_EQ(model.tokens[263], "abab");
}

TEST(BpeTrainer, SaysWhatIsWrong) {
  BpeTrainOptions options;
  options.special_tokens = kSpecial;
  options.vocabulary = 100;
  EXPECT_THROW(train_bpe(once({"x"}), options), Error);
  options.vocabulary = 300;
  EXPECT_THROW(train_bpe(once({}), options), Error);
}

TEST(TokenizerJson, SavesAndLoadsTheSameTokenizer) {
  test::TempDir dir;
  const BpeModel model = small_model();
  write_tokenizer_json(model, dir.path() / "tokenizer.json");
  const auto loaded = load_tokenizer(dir.path());
  EXPECT_EQ(loaded->encode(kText), BpeTokenizer(model).encode(kText));
  EXPECT_EQ(loaded->special("<|end|>"), 1);
  EXPECT_EQ(loaded->special("<|none|>"), -1);
  EXPECT_TRUE(loaded->is_special(0));
}

TEST(TokenizerJson, NamesTheFieldThatIsWrong) {
  const auto message = [](const std::string& text) {
    try {
      parse_tokenizer_json(text, "t.json");
    } catch (const Error& e) {
      return e.message();
    }
    return std::string("no error");
  };
  EXPECT_NE(message("[]").find("not a JSON object"), std::string::npos);
  EXPECT_NE(message("{}").find("model"), std::string::npos);
  EXPECT_NE(message(R"({"model":{"type":"WordPiece","vocab":{}}})").find("model.type"),
            std::string::npos);
  EXPECT_NE(message(R"({"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":5},"merges":[]}})")
                .find("model.vocab"),
            std::string::npos);
  EXPECT_NE(message(R"({"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":-5},"merges":[]}})")
                .find("range"),
            std::string::npos);
}

}  // namespace bpe_test
}  // namespace parley::text
