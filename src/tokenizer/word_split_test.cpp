// The hand-written splits against the regular expressions they stand for, run by ICU's engine.
#include "tokenizer/word_split.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"
#include "text/char_class.hpp"
#include "tokenizer/regex_split.hpp"
#include "tokenizer/splitter.hpp"

namespace parley::text {
namespace word_split_test {

constexpr WordSplit kAll[] = {WordSplit::kGpt2,        WordSplit::kDigits3,   WordSplit::kDigits1,
                              WordSplit::kDigitsAny,   WordSplit::kMarks1,    WordSplit::kO200k,
                              WordSplit::kTekken,      WordSplit::kDeepSeek,  WordSplit::kHanKana,
                              WordSplit::kThreeDigits, WordSplit::kThreeAscii};

std::vector<std::string> pieces(const Splitter& splitter, std::string_view text) {
  std::vector<std::string> out;
  splitter.split(text, true, [&](std::string_view piece) { out.emplace_back(piece); });
  return out;
}

// Text of the characters on which these expressions turn, and of any others.
rc::Gen<std::string> tricky_text() {
  static const std::vector<std::string> kParts = {
      "a",      "B",   "é",          "ſ",          "ǅ",      "ʰ",      "日",     "ひ",     "١",
      "7",      "345", "½",          "'",          "'s",     "'RE",    "'ſ",     "'ll",    " ",
      "  ",     "\t",  "\n",         "\r\n",       "\u00a0", "\u3000", "\u0085", "\x0b",   "\u0301",
      "\u0903", "!",   "/",          "$",          "€",      "。",     "😀",     "\u200d", "\x01",
      "_",      "-",   "\U0001d400", "\U00020000", "\u2028", "K",      "ß"};
  return rc::gen::map(rc::gen::container<std::vector<std::pair<int, int>>>(
                          rc::gen::pair(rc::gen::inRange(0, 12), rc::gen::inRange(0, 0x11000))),
                      [](const std::vector<std::pair<int, int>>& picks) {
                        std::string out;
                        for (const auto& [way, code] : picks) {
                          if (way == 0) {
                            // Surrogates are no characters; bytes that are not UTF-8 have a test of
                            // their own.
                            append_utf8(
                                out, static_cast<char32_t>(code & 0xF800) == 0xD800 ? U'x' : code);
                          } else {
                            out += kParts[static_cast<std::size_t>(code) % kParts.size()];
                          }
                        }
                        return out;
                      });
}

TEST(WordSplit, EqualsItsRegularExpression) {
  for (const WordSplit split : kAll) {
    const auto fast = split_words(split, SplitBehavior::kIsolated, false);
    const auto slow = split_regex(split_pattern(split), "test", SplitBehavior::kIsolated, false);
    EXPECT_TRUE(rc::check(std::string(split_pattern(split)), [&] {
      const std::string text = *tricky_text();
      RC_ASSERT(pieces(*fast, text) == pieces(*slow, text));
    }));
  }
}

TEST(WordSplit, KnowsTheSpellingsInTheWild) {
  for (const WordSplit split : kAll) EXPECT_EQ(known_split(split_pattern(split)), split);
  EXPECT_EQ(known_split(R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?)"
                        R"([^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+)"),
            WordSplit::kDigits3);
  EXPECT_EQ(known_split("[a-z]+"), std::nullopt);
}

TEST(WordSplit, TakesAnyBytes) {
  for (const WordSplit split : kAll) {
    const auto splitter = split_words(split, SplitBehavior::kIsolated, false);
    EXPECT_TRUE(rc::check([&](const std::vector<std::uint8_t>& bytes) {
      const std::string text(bytes.begin(), bytes.end());
      std::string joined;
      for (const std::string& piece : pieces(*splitter, text)) joined += piece;
      RC_ASSERT(joined == text);
    }));
  }
}

TEST(Splitter, BehavesAsNamed) {
  using V = std::vector<std::string>;
  const auto with = [](SplitBehavior behavior, bool invert = false) {
    return pieces(*split_string("-", behavior, invert), "a--b-c");
  };
  EXPECT_EQ(with(SplitBehavior::kIsolated), (V{"a", "-", "-", "b", "-", "c"}));
  EXPECT_EQ(with(SplitBehavior::kRemoved), (V{"a", "b", "c"}));
  EXPECT_EQ(with(SplitBehavior::kRemoved, true), (V{"-", "-", "-"}));
  EXPECT_EQ(with(SplitBehavior::kMergedWithPrevious), (V{"a-", "-", "b-", "c"}));
  EXPECT_EQ(with(SplitBehavior::kMergedWithNext), (V{"a", "-", "-b", "-c"}));
  EXPECT_EQ(with(SplitBehavior::kContiguous), (V{"a", "--", "b", "-", "c"}));
}

TEST(Splitter, MetaspacePutsSpacesInFront) {
  using V = std::vector<std::string>;
  const auto always = metaspace("_", PrependScheme::kAlways, true);
  EXPECT_EQ(pieces(*always, "a b  c"), (V{"_a", "_b", "_", "_c"}));
  EXPECT_EQ(pieces(*always, " a"), (V{"_a"}));
  const auto first = metaspace("_", PrependScheme::kFirst, false);
  EXPECT_EQ(pieces(*first, "a b"), (V{"_a_b"}));
  std::string later;
  first->split("a", false, [&](std::string_view piece) { later = piece; });
  EXPECT_EQ(later, "a");
}

TEST(Regex, SaysWhatIsWrong) {
  EXPECT_THROW(Regex("(", "test"), Error);
  EXPECT_THROW(Regex("", "test"), Error);
  EXPECT_THROW(Regex(std::string(1 << 15, 'a'), "test"), Error);
}

TEST(Regex, GivesUpInsteadOfHanging) {
  const Regex endless("(a+)+$", "test");
  try {
    endless.each(std::string(4000, 'a') + "b", [](std::string_view, bool) {});
    FAIL() << "finished";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kLimit);
  }
}

}  // namespace word_split_test
}  // namespace parley::text
