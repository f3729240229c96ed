// Regular expressions against ICU's, and every message.
#include "constraint/regex.hpp"

#include <gtest/gtest.h>
#include <unicode/regex.h>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"
#include "constraint/encoding.hpp"

namespace parley::engine {
namespace regex_test {

bool icu_matches(const std::string& pattern, const std::string& text, bool search) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::UnicodeString input = icu::UnicodeString::fromUTF8(text);  // the matcher refers to it
  icu::RegexMatcher matcher(icu::UnicodeString::fromUTF8(pattern), input, 0, status);
  const bool found = search ? matcher.find() : matcher.matches(status);
  EXPECT_TRUE(U_SUCCESS(status)) << pattern;
  return found;
}

const std::vector<std::string>& patterns() {
  static const std::vector<std::string> all{
      "abc",
      "a|bc|",
      "(a|b)*c",
      "(?:ab)+?x{2}",
      "x{2,4}y{0,2}z{3,}",
      "[a-c]+[^a-c]?",
      "[\\d\\-x]{1,3}",
      "\\d{4}-\\d{2}",
      "\\w+@\\w+\\.com",
      "(?i)HeLLo|straße",
      "a(?i:b)c",
      "(?s)a.b",
      "a.b",
      "[é日]{2}",
      "\\u00e9\\x41",
      "\\p{Lu}\\p{Ll}*",
      "\\P{L}+",
      "(?<year>\\d\\d)(?:x|y)",
      "((a{0,2}b){1,3}c?)*",
      "[\\]\\[]",
      "a{0}b",
      "\\.\\*\\?\\(\\)",
      "[+\\-]",
      "^a|b$",
      "^(a|b)$",
      "(^|x)ab($|y)",
      "a(?=b)b?c*",
      "^(?!a)\\w+$",
      "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$",
      "(?!ab)[abc]{2}x?",
      "x?(?:a(?=b)|b){1,3}",
      "^(?=.*\\d)(?!.*--)[a-z\\d-]+$",
      "ab?(?!b|$)",
  };
  return all;
}

std::string random_text(std::mt19937& random) {
  static const std::vector<std::string> pieces{
      "a", "b",  "c",  "x",     "y", "z",  "1", "2", "-", "A", "B",     "é",    "日", ".", "\n",
      "@", "ab", "xx", "hello", "ß", "ss", "[", "]", "+", ",", "HELLO", ".com", "É",  "{"};
  std::string out;
  for (std::size_t n = random() % 6; n > 0; --n) out += pieces[random() % pieces.size()];
  return out;
}

TEST(Regex, AgreesWithIcu) {
  std::mt19937 random(1);
  for (const std::string& pattern : patterns()) {
    const Dfa whole = parse_regex(pattern, RegexMatch::kWhole, {10'000, "regex"});
    const Dfa search = parse_regex(pattern, RegexMatch::kSearch, {10'000, "regex"});
    for (int i = 0; i < 300; ++i) {
      const std::string text = random_text(random);
      // ICU lets $ match before a last line break, and (?i) fold ß to ss: neither is ECMAScript.
      if (text.ends_with('\n') || text.find("ß") != text.npos || text.find("ss") != text.npos) {
        continue;
      }
      EXPECT_EQ(whole.accepts(code_points(text)), icu_matches(pattern, text, false))
          << pattern << " on '" << text << "'";
      EXPECT_EQ(search.accepts(code_points(text)), icu_matches(pattern, text, true))
          << pattern << " in '" << text << "'";
    }
  }
}

TEST(Regex, RepliesMatch) {
  std::mt19937 random(2);
  for (const std::string& pattern : patterns()) {
    const GrammarPtr grammar = compile_regex(pattern);
    for (int i = 0; i < 20; ++i) {
      const auto reply = test::random_reply(grammar, random, 8);
      if (reply) EXPECT_TRUE(icu_matches(pattern, *reply, false)) << pattern << ": " << *reply;
    }
  }
}

TEST(Regex, BracesThatRepeatNothingArePlain) {
  const Dfa dfa = parse_regex("a{,x{}", RegexMatch::kWhole, {100, "regex"});
  EXPECT_TRUE(dfa.accepts(U"a{,x{}"));
}

TEST(Regex, SaysWhatIsWrongAndWhere) {
  const auto message = [](const char* pattern) -> std::string {
    try {
      compile_regex(pattern);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
      return e.message();
    }
    return "accepted";
  };
  EXPECT_EQ(message("ab(?=c)"), "regular expression matches no text");
  EXPECT_EQ(message("(?<!a)b"), "regular expression, column 1: lookbehind is not supported");
  EXPECT_EQ(message("(?:(?!b)a)*"),
            "regular expression: lookahead in a repetition without a small bound is not supported");
  EXPECT_EQ(message("a(?!^b)c"),
            "regular expression: '^' in a lookahead that may stand elsewhere is not supported");
  EXPECT_EQ(message("(?=a)*"), "regular expression, column 1: an anchor cannot be repeated");
  EXPECT_EQ(message("(a)\\1"), "regular expression, column 4: backreferences are not supported");
  EXPECT_EQ(message("é\\bx"), "regular expression, column 2: word boundaries are not supported");
  EXPECT_EQ(message("a++"),
            "regular expression, column 3: possessive quantifiers are not supported");
  EXPECT_EQ(message("a**"), "regular expression, column 3: nothing to repeat");
  EXPECT_EQ(message("*a"), "regular expression, column 1: nothing to repeat");
  EXPECT_EQ(message("(a"), "regular expression, column 1: '(' without ')'");
  EXPECT_EQ(message("a)"), "regular expression, column 2: ')' without '('");
  EXPECT_EQ(message("[a"), "regular expression, column 1: '[' without ']'");
  EXPECT_EQ(message("[b-a]"), "regular expression, column 2: range with its ends swapped");
  EXPECT_EQ(message("a{3,2}"), "regular expression, column 2: {m,n} with m greater than n");
  EXPECT_EQ(message("\\q"), "regular expression, column 1: unknown escape");
  EXPECT_EQ(message("\\p{Nope}"), "regular expression, column 1: no such Unicode property");
  EXPECT_EQ(message("\xFF"), "regular expression, column 1: not valid UTF-8");
  EXPECT_EQ(message("a^b"), "regular expression matches no text");
  EXPECT_EQ(message("^$"), "regular expression matches the empty text only");
  EXPECT_EQ(message("(a|b)*a(a|b){20}"),
            "regular expression needs more than 50000 automaton states");
  EXPECT_EQ(message("((a{1000}){1000}){1000}"),
            "regular expression needs more than 500000 automaton states");
  const std::string deep = std::string(5000, '(') + "a" + std::string(5000, ')');
  EXPECT_EQ(message(deep.c_str()), "regular expression, column 102: groups nested too deeply");
}

}  // namespace regex_test
}  // namespace parley::engine
