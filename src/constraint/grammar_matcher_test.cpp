// Masks against trying every token, rolling back against starting anew, and what is forced.
#include "constraint/grammar_matcher.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

namespace parley::engine {
namespace grammar_matcher_test {

using test::accepts;
using test::has_bit;
using test::json_table;
using test::ListTokenizer;
using test::mask_of;

GrammarPtr schema(const char* text) {
  return compile_json_schema(Json::parse(text));
}

// Of every kind, with the hard places: recursion, ambiguity, rules that end within tokens.
std::vector<GrammarPtr> all_kinds() {
  const std::vector<std::string> choices{"abc", "ab", "hello world", "日本", "é"};
  return {
      compile_json_object(),
      compile_json_object({.space = JsonSpace::kFlexible}),
      compile_json_object({.space = JsonSpace::kNone}),
      schema("true"),
      schema(R"({"type":"object","properties":{"name":{"type":"string","maxLength":5},
                "age":{"type":"integer","minimum":-3,"maximum":120},
                "tags":{"type":"array","items":{"type":"string"},"minItems":1}},
                "required":["name"],"additionalProperties":{"type":"number"}})"),
      schema(R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object",
                "properties":{"id":{"type":"integer"},
                "tags":{"type":"array","items":{"$ref":"#/$defs/tree"}}}}}})"),
      schema(R"({"anyOf":[{"type":"object","properties":{"name":{"const":"abc"}},
                "required":["name"]},{"type":"object","properties":{"name":{"type":"string"},
                "age":{"type":"null"}},"required":["name","age"]}]})"),
      schema(R"({"type":"string","pattern":"^[a-z]{2,4}(é|日本)?$"})"),
      schema(R"({"type":"object","properties":{"na":{"type":"null"},"name":{"type":"null"},
                "a\"b":{"type":"null"},"é":{"type":"null"},"a/b":{"type":"null"}}})"),
      schema(R"({"type":"string","pattern":"^(ab|c|é)*$","minLength":3,"maxLength":7})"),
      schema(R"({"type":"string","minLength":2,"maxLength":4})"),
      schema(R"({"type":"string","minLength":3})"),
      compile_regex("(abc|a b)*x{2,5}\\d+"),
      compile_regex("[^\"]*é.?"),
      compile_choice(choices),
      compile_gbnf("root ::= e\ne ::= e \"x\" e | \"(\" e \")\" | \"y\" | n\nn ::= [0-9]+"),
      compile_gbnf("root ::= \"x\" a | \"x\" b | \"c\"\na ::= root \"xx\"\nb ::= root \"xy\""),
      compile_gbnf("root ::= (w \" \"?)+\nw ::= [a-z]+ | \"(\" root \")\""),
  };
}

TEST(GrammarMatcher, TheMaskIsWhatEveryTokenTriedGives) {
  const auto table = json_table();
  std::mt19937 random(7);
  std::size_t kind = 0;
  for (const GrammarPtr& grammar : all_kinds()) {
    SCOPED_TRACE(kind++);
    for (int walk = 0; walk < 6; ++walk) {
      GrammarMatcher matcher(grammar, table);
      for (int step = 0; step < 40; ++step) {
        const std::vector<std::uint32_t> mask = mask_of(matcher, *table);
        std::vector<text::TokenId> allowed;
        for (text::TokenId id = 0; id < table->vocabulary_size(); ++id) {
          const bool possible = matcher.accept(id);
          if (possible) matcher.rollback(1), allowed.push_back(id);
          ASSERT_EQ(has_bit(mask, id), possible)
              << "token " << id << " '" << table->bytes(id) << "'";
        }
        ASSERT_FALSE(allowed.empty());
        const text::TokenId next = allowed[random() % allowed.size()];
        ASSERT_TRUE(matcher.accept(next));
        if (matcher.is_finished()) break;
      }
    }
  }
}

TEST(GrammarMatcher, SomeTokenAlwaysLeadsOn) {
  std::mt19937 random(11);
  std::size_t kind = 0;
  for (const GrammarPtr& grammar : all_kinds()) {
    SCOPED_TRACE(kind++);
    int finished = 0;
    for (int i = 0; i < 10; ++i) {
      const auto reply = test::random_reply(grammar, random);
      if (!reply) continue;
      ++finished;
      for (const unsigned seed : {0u, 1u, 2u})
        EXPECT_TRUE(accepts(grammar, *reply, seed)) << *reply;
    }
    EXPECT_GT(finished, 0);
  }
}

TEST(GrammarMatcher, RollingBackIsStartingAnew) {
  const auto table = json_table();
  std::mt19937 random(3);
  for (const GrammarPtr& grammar : all_kinds()) {
    GrammarMatcher matcher(grammar, table);
    std::vector<text::TokenId> taken;
    for (int step = 0; step < 60; ++step) {
      std::vector<text::TokenId> allowed;
      const auto mask = mask_of(matcher, *table);
      for (text::TokenId id = 0; id < table->vocabulary_size(); ++id) {
        if (has_bit(mask, id)) allowed.push_back(id);
      }
      if (!allowed.empty()) {
        taken.push_back(allowed[random() % allowed.size()]);
        ASSERT_TRUE(matcher.accept(taken.back()));
      }
      if (allowed.empty() || random() % 4 == 0) {
        const int back = static_cast<int>(random() % (taken.size() + 1));
        matcher.rollback(back);
        taken.resize(taken.size() - static_cast<std::size_t>(back));
      }
      ASSERT_EQ(matcher.accepted(), static_cast<int>(taken.size()));
      GrammarMatcher fresh(grammar, table);
      for (const text::TokenId id : taken) ASSERT_TRUE(fresh.accept(id));
      ASSERT_EQ(mask_of(matcher, *table), mask_of(fresh, *table));
      ASSERT_EQ(matcher.is_complete(), fresh.is_complete());
      ASSERT_EQ(matcher.forced_bytes(), fresh.forced_bytes());
    }
  }
}

TEST(GrammarMatcher, EndTokensEndCompleteTextOnly) {
  const std::vector<std::string> choices{"ab", "abc"};
  GrammarMatcher matcher(compile_choice(choices), json_table());
  EXPECT_FALSE(matcher.accept(ListTokenizer::kEnd));
  EXPECT_FALSE(matcher.accept(1)) << "another special token";
  EXPECT_FALSE(matcher.accept(-1));
  EXPECT_FALSE(matcher.accept(1 << 20));
  ASSERT_TRUE(matcher.accept_bytes("ab"));
  EXPECT_TRUE(matcher.is_complete());
  EXPECT_FALSE(matcher.is_finished());
  EXPECT_TRUE(has_bit(mask_of(matcher, *json_table()), ListTokenizer::kEnd));
  ASSERT_TRUE(matcher.accept(ListTokenizer::kEnd));
  EXPECT_TRUE(matcher.is_finished());
  EXPECT_FALSE(matcher.accept('c' + 2));
  matcher.rollback(1);
  EXPECT_TRUE(matcher.accept('c' + 2));
  EXPECT_TRUE(matcher.is_finished());
  EXPECT_EQ(matcher.forced_bytes(), "");
}

TEST(GrammarMatcher, ForcedBytes) {
  GrammarMatcher matcher(compile_json_schema(Json::parse(R"({"type":"object","properties":{"name":
          {"enum":["Ada","Alan"]},"next":{"type":"null"}},"required":["name","next"]})"),
                                             {.space = JsonSpace::kNone}),
                         json_table());
  EXPECT_EQ(matcher.forced_bytes(), R"({"name":"A)");
  ASSERT_TRUE(matcher.accept_bytes(matcher.forced_bytes()));
  EXPECT_EQ(matcher.forced_bytes(), "");
  ASSERT_TRUE(matcher.accept_bytes("d"));
  EXPECT_EQ(matcher.forced_bytes(), R"(a","next":null})");
  const std::vector<text::TokenId> tokens = matcher.forced_tokens(test::json_tokenizer());
  EXPECT_EQ(test::json_tokenizer().decode(tokens), R"(a","next":null})");
  EXPECT_EQ(matcher.accepted(), 2);
}

TEST(GrammarMatcher, AnAmbiguousGrammarStaysSmall) {
  const GrammarPtr grammar = compile_gbnf(
      "root ::= \"x\" a | \"x\" b | \"c\"\na ::= root \"p\" | root \"q\"\nb ::= root \"p\" root");
  GrammarMatcher matcher(grammar, json_table());
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(matcher.accept_bytes("x"));
  ASSERT_TRUE(matcher.accept_bytes("c"));
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(matcher.accept_bytes("p")) << i;
  EXPECT_TRUE(matcher.is_complete());
  EXPECT_LT(matcher.bytes(), 16u << 20);
}

TEST(GrammarMatcher, NestingIsBoundedAndCanAlwaysBeClosed) {
  const auto table = json_table();
  GrammarMatcher matcher(compile_json_object(), table);
  ASSERT_TRUE(matcher.accept_bytes("{\"a\":"));
  int depth = 0;
  while (matcher.accept_bytes("[")) ASSERT_LT(++depth, 10'000);
  EXPECT_GT(depth, 100);
  EXPECT_FALSE(has_bit(mask_of(matcher, *table), '[' + 2));
  for (int i = 0; i < depth; ++i) ASSERT_TRUE(matcher.accept_bytes("]")) << i;
  ASSERT_TRUE(matcher.accept_bytes("}"));
  EXPECT_TRUE(matcher.is_finished());
}

TEST(GrammarMatcher, MasksAreSharedAndBounded) {
  const auto table = std::make_shared<const TokenTable>(
      test::json_tokenizer(), std::vector<text::TokenId>{ListTokenizer::kEnd},
      TokenTable::Options{.mask_cache_bytes = 20'000});
  std::mt19937 random(5);
  for (const GrammarPtr& grammar : all_kinds()) {
    GrammarMatcher matcher(grammar, table), other(grammar, json_table());
    for (int step = 0; step < 50 && !matcher.is_finished(); ++step) {
      const auto mask = mask_of(matcher, *table);
      ASSERT_EQ(mask, mask_of(other, *json_table()));
      std::vector<text::TokenId> allowed;
      for (text::TokenId id = 1; id < table->vocabulary_size(); ++id) {
        if (has_bit(mask, id)) allowed.push_back(id);
      }
      if (allowed.empty()) break;
      const text::TokenId next = allowed[random() % allowed.size()];
      ASSERT_TRUE(matcher.accept(next) && other.accept(next));
    }
    EXPECT_LE(table->masks().bytes(), 20'000u);
  }
}

TEST(TokenTable, RefusesAnEndTokenThatIsNotThere) {
  EXPECT_THROW(TokenTable(test::json_tokenizer(), {100'000}), Error);
}

}  // namespace grammar_matcher_test
}  // namespace parley::engine
