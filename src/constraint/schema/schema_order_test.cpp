// Replies come in the order in which the schema is written, whatever that is made of and wherever
// in memory it stands.
#include <gtest/gtest.h>

#include <list>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

namespace parley::engine {
namespace schema_order_test {

using test::accepts;

GrammarPtr compile(const std::string& text) {
  return compile_json_schema(parse_json(text, "schema"));
}

// The names of a reply's members; every one is required and 0, 1 or 2.
std::string names(const std::string& schema) {
  std::mt19937 random(1);
  const auto reply = test::random_reply(compile(schema), random, 0);
  EXPECT_TRUE(reply) << schema;
  std::string out;
  const Json members = parse_json(reply.value_or("{}"), "reply");
  for (const auto& [name, value] : members.items()) out += name;
  return out;
}

// {"properties": {"a": DIGIT, …}, "required": ["a", …]} without the braces.
std::string of(const std::string& letters) {
  std::string properties, required;
  for (const char c : letters) {
    const std::string name = {'"', c, '"'};
    properties += (properties.empty() ? "" : ", ") + name + R"(: {"enum": [0, 1, 2]})";
    required += (required.empty() ? "" : ", ") + name;
  }
  return "\"properties\": {" + properties + "}, \"required\": [" + required + "]";
}

TEST(SchemaOrder, PropertiesComeAsWritten) {
  EXPECT_EQ(names("{" + of("zyx") + "}"), "zyx");
  EXPECT_EQ(names("{" + of("qwertyuiopasdfghjklzxcvbnm") + "}"), "qwertyuiopasdfghjklzxcvbnm");
}

TEST(SchemaOrder, PartsComeAsWritten) {
  EXPECT_EQ(names(R"({"allOf": [{)" + of("z") + "}, {" + of("a") + "}]}"), "za");
  EXPECT_EQ(names(R"({"allOf": [{)" + of("z") + "}, {" + of("a") + "}, {" + of("mz") + "}]}"),
            "zam");
  EXPECT_EQ(names("{" + of("m") + R"(, "allOf": [{)" + of("z") + "}, {" + of("a") + "}]}"), "mza");
  EXPECT_EQ(names(R"({"allOf": [{)" + of("z") + "}, {" + of("a") + "}], " + of("m") + "}"), "zam");
  // Not as the definitions stand, but as they are called for.
  const std::string definitions =
      R"("$defs": {"Alpha": {)" + of("a") + R"(}, "Zeta": {)" + of("z") + "}}";
  EXPECT_EQ(names("{" + definitions +
                  R"(, "allOf": [{"$ref": "#/$defs/Zeta"}, {"$ref": "#/$defs/Alpha"}]})"),
            "za");
  EXPECT_EQ(names("{" + definitions + R"(, "$ref": "#/$defs/Zeta", )" + of("m") + "}"), "zm");
  EXPECT_EQ(names("{" + of("m") + ", " + definitions + R"(, "$ref": "#/$defs/Zeta"})"), "mz");
  // A base class that has one itself.
  EXPECT_EQ(
      names(R"({"$defs": {"A": {)" + of("a") + R"(}, "B": {"allOf": [{"$ref": "#/$defs/A"}], )" +
            of("b") + R"(}}, "allOf": [{"$ref": "#/$defs/B"}], )" + of("c") + "}"),
      "abc");
}

TEST(SchemaOrder, ChoicesStandWhereTheyAreWritten) {
  const std::string any = R"("anyOf": [{)" + of("x") + "}]",
                    one = R"("oneOf": [{)" + of("y") + "}]";
  EXPECT_EQ(names("{" + any + ", " + of("a") + "}"), "xa");
  EXPECT_EQ(names("{" + of("a") + ", " + any + ", " + one + "}"), "axy");
  EXPECT_EQ(names("{" + one + ", " + of("a") + ", " + any + "}"), "yax");
  EXPECT_EQ(names("{" + of("a") + R"(, "allOf": [{)" + of("b") + "}], " + any + "}"), "abx");
  EXPECT_EQ(names("{" + of("a") + ", " + any + R"(, "allOf": [{)" + of("b") + "}]}"), "axb");
}

TEST(SchemaOrder, WhatCallsForItselfEnds) {
  const GrammarPtr list = compile(
      R"({"allOf": [{"$ref": "#"}, {"properties": {"z": {"type": "null"}, "next": {"$ref": "#"}},
          "required": ["z"]}], "anyOf": [{"$ref": "#"}, {"type": "object"}]})");
  EXPECT_TRUE(accepts(list, R"({"z":null,"next":{"z":null}})"));
  EXPECT_FALSE(accepts(list, R"({"z":null,"next":{}})"));
  // Two that call for each other in turn, so that their order changes on the way down.
  const GrammarPtr turns = compile(
      R"({"$defs": {
          "A": {"properties": {"a": {"allOf": [{"$ref": "#/$defs/B"}, {"$ref": "#/$defs/A"}]}}},
          "B": {"properties": {"b": {"allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]}}}},
          "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]})");
  EXPECT_TRUE(accepts(turns, R"({"a":{"b":{"a":{}}},"b":{"a":{},"b":{}}})"));
  EXPECT_TRUE(accepts(turns, R"({"a":{"b":{},"a":{}}})"));
  EXPECT_FALSE(accepts(turns, R"({"b":{},"a":{}})"));
}

TEST(SchemaOrder, ListedValuesAreComparedAsValues) {
  EXPECT_TRUE(accepts(compile(R"({"allOf": [{"enum": [{"b": 1, "a": [2]}, 3]},
                                            {"const": {"a": [2], "b": 1}}]})"),
                      R"({"b": 1,"a": [2]})"));
}

// A heap with holes of many sizes, which the next allocations fill in another order.
class Scrambled {
 public:
  explicit Scrambled(unsigned seed) {
    std::mt19937 random(seed);
    for (int i = 0; i < 4000; ++i) kept_.emplace_back(1 + random() % 200, 'x');
    for (auto at = kept_.begin(); at != kept_.end();) {
      at = random() % 2 == 0 ? kept_.erase(at) : std::next(at);
    }
  }

 private:
  std::list<std::string> kept_;
};

TEST(SchemaOrder, AddressesDecideNothing) {
  std::string parts;
  for (const char* letters : {"zb", "ya", "xz", "wc", "vy"})
    parts += (parts.empty() ? "{" : ", {") + of(letters) + "}";
  const std::string schema =
      R"({"$defs": {"N": {"anyOf": [{"type": "null"}, {"$ref": "#"}]}}, "allOf": [)" + parts +
      R"(, {"properties": {"n": {"$ref": "#/$defs/N"}}, "required": ["n"]}, {"anyOf": [{)" +
      of("k") + "}, {" + of("j") + R"(}]}, {"oneOf": [{"$ref": "#/allOf/0"}, {)" + of("i") +
      "}]}]}";
  std::optional<std::size_t> states;
  std::vector<std::string> first;
  for (unsigned seed = 0; seed < 20; ++seed) {
    const Scrambled heap(seed);
    const GrammarPtr grammar = compile(schema);
    if (!states) states = grammar->states();
    EXPECT_EQ(grammar->states(), *states) << seed;
    std::vector<std::string> replies;
    std::mt19937 random(7);
    for (int i = 0; i < 10; ++i)
      replies.push_back(test::random_reply(grammar, random, 5 * i).value_or("none"));
    if (first.empty()) first = replies;
    EXPECT_EQ(replies, first) << seed;
  }
}

TEST(SchemaOrder, AMissingRuleIsTheFirstOne) {
  for (const char* text : {"root ::= zeta alpha mu\n", "root ::= zeta | beta\nomega ::= alpha\n"}) {
    try {
      compile_gbnf(text);
      ADD_FAILURE();
    } catch (const Error& e) {
      EXPECT_NE(e.message().find("no rule named 'zeta'"), std::string::npos) << e.message();
    }
  }
}

}  // namespace schema_order_test
}  // namespace parley::engine
