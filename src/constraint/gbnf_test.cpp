// GBNF against an Earley recogniser written here from the definition, and every message.
#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"

namespace parley::engine {
namespace gbnf_test {

using test::accepts;

// A grammar in plain form: a symbol is a rule's name (upper case) or a byte.
using Productions = std::map<char, std::vector<std::string>>;

bool earley_accepts(const Productions& grammar, char root, const std::string& text) {
  struct Item {
    char rule;
    std::size_t production, dot, origin;
    auto key() const { return std::tuple(rule, production, dot, origin); }
    bool operator<(const Item& o) const { return key() < o.key(); }
  };
  std::vector<std::set<Item>> sets(text.size() + 1);
  const auto predict = [&](std::size_t at, char rule, std::vector<Item>& todo) {
    for (std::size_t p = 0; p < grammar.at(rule).size(); ++p) todo.push_back({rule, p, 0, at});
  };
  std::vector<Item> todo;
  predict(0, root, todo);
  bool accepted = false;
  for (std::size_t at = 0; at <= text.size(); ++at) {
    for (const Item& item : sets[at]) todo.push_back(item);
    sets[at].clear();
    for (bool grown = true; grown;) {  // again until nothing is new: empty rules complete late
      grown = false;
      while (!todo.empty()) {
        const Item item = todo.back();
        todo.pop_back();
        grown = sets[at].insert(item).second || grown;
      }
      const std::set<Item> now = sets[at];
      for (const Item& item : now) {
        const std::string& body = grammar.at(item.rule)[item.production];
        if (item.dot == body.size()) {
          const std::set<Item> origin = sets[item.origin];
          for (const Item& o : origin) {
            const std::string& b = grammar.at(o.rule)[o.production];
            if (o.dot < b.size() && b[o.dot] == item.rule) {
              todo.push_back({o.rule, o.production, o.dot + 1, o.origin});
            }
          }
        } else if (grammar.contains(body[item.dot])) {
          predict(at, body[item.dot], todo);
        } else if (at < text.size() && body[item.dot] == text[at]) {
          sets[at + 1].insert({item.rule, item.production, item.dot + 1, item.origin});
        }
      }
      std::erase_if(todo, [&](const Item& i) { return sets[at].contains(i); });
    }
    if (at == text.size()) {
      for (const Item& i : sets[at]) {
        accepted = accepted || (i.rule == root && i.origin == 0 &&
                                i.dot == grammar.at(root)[i.production].size());
      }
    }
  }
  return accepted;
}

std::string gbnf_of(const Productions& grammar, char root) {
  const auto name = [&](char rule) {
    return rule == root ? std::string("root") : std::string("r-") + rule;
  };
  std::string out;
  for (const auto& [rule, bodies] : grammar) {
    out += name(rule) + " ::=";
    for (std::size_t i = 0; i < bodies.size(); ++i) {
      out += i == 0 ? "" : " |";
      for (const char c : bodies[i])
        out += grammar.contains(c) ? " " + name(c) : std::string(" \"") + c + "\"";
      if (bodies[i].empty()) out += " \"\"";
    }
    out += "\n";
  }
  return out;
}

TEST(Gbnf, RandomGrammarsAgreeWithEarley) {
  std::mt19937 random(17);
  int compiled = 0;
  for (int round = 0; round < 400; ++round) {
    Productions grammar;
    const std::string rules = std::string("ABCD").substr(0, 1 + random() % 4);
    for (const char rule : rules) {
      for (std::size_t n = 1 + random() % 3; n > 0; --n) {
        std::string body;  // left recursion, empty and ambiguous bodies included
        for (std::size_t k = random() % 4; k > 0; --k) {
          body += random() % 3 == 0 ? rules[random() % rules.size()] : "xy1"[random() % 3];
        }
        grammar[rule].push_back(body);
      }
    }
    const std::string text = gbnf_of(grammar, 'A');
    SCOPED_TRACE(text);
    GrammarPtr made;
    try {
      made = compile_gbnf(text);
    } catch (const Error& e) {
      EXPECT_TRUE(e.message() == "grammar matches no text" ||
                  e.message() == "grammar matches the empty text only")
          << e.message();
      for (int i = 0; i < 20; ++i) {
        std::string word;
        for (std::size_t k = 1 + random() % 6; k > 0; --k) word += "xy1"[random() % 3];
        EXPECT_FALSE(earley_accepts(grammar, 'A', word)) << word;
      }
      continue;
    }
    ++compiled;
    for (int length = 0; length <= 4; ++length) {
      int count = 1;
      for (int i = 0; i < length; ++i) count *= 3;
      for (int word = 0; word < count; ++word) {
        std::string w;
        for (int i = 0, rest = word; i < length; ++i, rest /= 3) w += "xy1"[rest % 3];
        ASSERT_EQ(accepts(made, w), earley_accepts(grammar, 'A', w)) << '\'' << w << '\'';
      }
    }
    for (int i = 0; i < 3; ++i) {
      const auto reply = test::random_reply(made, random, 6, 30);
      if (reply && reply->size() < 40) ASSERT_TRUE(earley_accepts(grammar, 'A', *reply)) << *reply;
    }
  }
  EXPECT_GT(compiled, 200);
}

TEST(Gbnf, TheFormat) {
  const GrammarPtr grammar = compile_gbnf(
      "# a comment\nroot ::= item (\",\" ws item)* # another\r\n\n"
      "item ::= [a-z\\]\\-]+ |\n  \"\\x41\\u00e9\\U0001F600\\n\" | [^a-z\"\\\\] {2,3} | . \"!\" "
      "{2}\n"
      "ws ::= \" \"?\n");
  EXPECT_TRUE(accepts(grammar, "abc"));
  EXPECT_TRUE(accepts(grammar, "a-]"));
  EXPECT_TRUE(accepts(grammar, "abc, A\u00e9\U0001F600\n,xyz"));
  EXPECT_TRUE(accepts(grammar, "日本"));
  EXPECT_TRUE(accepts(grammar, "日!!"));
  EXPECT_FALSE(accepts(grammar, "日"));
  EXPECT_FALSE(accepts(grammar, "abc,  d"));
}

TEST(Gbnf, LeftRecursion) {
  const GrammarPtr sums = compile_gbnf(
      "root ::= sum\nsum ::= sum \"+\" product | sum \"-\" product | product\n"
      "product ::= product \"*\" atom | atom\natom ::= [0-9]+ | \"(\" sum \")\"");
  EXPECT_TRUE(accepts(sums, "1+2*(3-4)*5-6"));
  EXPECT_FALSE(accepts(sums, "1+"));
  const GrammarPtr indirect =
      compile_gbnf("root ::= a\na ::= b \"x\" | \"y\"\nb ::= e a \"z\" | \"w\"\ne ::= \"\"");
  EXPECT_TRUE(accepts(indirect, "yzxzx"));
  EXPECT_TRUE(accepts(indirect, "wxzx"));
  EXPECT_FALSE(accepts(indirect, "yz"));
}

std::string message(const std::string& text) {
  try {
    compile_gbnf(text);
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    return e.message();
  }
  return "accepted";
}

TEST(Gbnf, SaysWhatIsWrongAndWhere) {
  EXPECT_EQ(message("root ::= a\n"), "grammar, line 1, column 10: no rule named 'a'");
  EXPECT_EQ(message("a ::= \"x\""), "grammar, line 1, column 1: no rule named 'root'");
  EXPECT_EQ(message("root ::= \"x\"\nroot ::= \"y\""),
            "grammar, line 2, column 1: rule 'root' is defined twice");
  EXPECT_EQ(message("root ::= \"x"), "grammar, line 1, column 10: literal without closing '\"'");
  EXPECT_EQ(message("root ::= [a-"), "grammar, line 1, column 10: '[' without ']'");
  EXPECT_EQ(message("root ::= (\"a\""), "grammar, line 1, column 10: '(' without ')'");
  EXPECT_EQ(message("root ::= *"), "grammar, line 1, column 10: nothing to repeat");
  EXPECT_EQ(message("root ::= \"a\"{3,1}"),
            "grammar, line 1, column 13: {m,n} with m greater than n");
  EXPECT_EQ(message("root = \"a\""),
            "grammar, line 1, column 6: expected '::=' after the name of the rule");
  EXPECT_EQ(message("root ::= \"\\q\""), "grammar, line 1, column 11: unknown escape");
  EXPECT_EQ(message("root ::= root"), "grammar matches no text");
  EXPECT_EQ(message("root ::= ((\"a\"{1000}){1000}){1000}"),
            "grammar needs more than 500000 automaton states");
  EXPECT_EQ(message("root ::= ([ab])* \"a\" [ab]{20}"),
            "grammar needs more than 50000 automaton states");
}

TEST(Gbnf, HostileGrammarsEnd) {
  // Rules that each stay below the limit, but not together.
  std::string many = "root ::= r0";
  for (int i = 0; i < 40; ++i) many += " | r" + std::to_string(i);
  for (int i = 0; i < 40; ++i) {
    many += "\nr" + std::to_string(i) + " ::= [ab]* \"" + std::to_string(i) + "\"? \"a\" [ab]{14}";
  }
  EXPECT_EQ(message(many), "grammar takes too long to compile");
}

}  // namespace gbnf_test
}  // namespace parley::engine
