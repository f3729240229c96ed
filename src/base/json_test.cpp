#include "base/json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/error.hpp"

namespace parley {
namespace json_test {

// The message of the error that parsing `text` must raise.
std::string refusal(const std::string& text) {
  try {
    parse_json(text, "x.json");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kInvalidInput);
    EXPECT_FALSE(e.hint().empty());
    return e.what();
  }
  ADD_FAILURE() << "accepted: " << text;
  return {};
}

TEST(Json, ParsesWhatIsValid) {
  EXPECT_EQ(parse_json(R"({"a": [1, 2.5, "x"]})", "x.json")["a"][1].get<double>(), 2.5);
}

TEST(Json, NamesTheLineOfBadSyntax) {
  EXPECT_EQ(refusal("{\n\"a\": 1,\n}").rfind("x.json:3: not valid JSON", 0), 0u);
}

TEST(Json, RefusesANumberNoDoubleHolds) {
  EXPECT_NE(refusal("70e777").find("number overflow"), std::string::npos);
  EXPECT_NE(refusal("[-1e999]").find("number overflow"), std::string::npos);
}

TEST(Json, RefusesDepthBeforeParsing) {
  EXPECT_NE(refusal(std::string(100000, '[')).find("nested deeper than 64"), std::string::npos);
}

TEST(Json, MembersStayAsTheyAreWritten) {
  const char* const text = R"({"z":1,"a":{"y":[{"c":0,"b":0}],"x":null},"m":"\u00e9"})";
  EXPECT_EQ(to_text(parse_json(text, "x.json")),
            R"({"z":1,"a":{"y":[{"c":0,"b":0}],"x":null},"m":"é"})");
  EXPECT_EQ(to_text(*try_parse_json(text)), to_text(parse_json(text, "x.json")));
  Json value = {{"z", 1}, {"a", 2}};
  value["m"] = 3;
  value["z"] = 4;  // keeps its place
  EXPECT_EQ(to_text(value), R"({"z":4,"a":2,"m":3})");
  value.erase("z");
  value["z"] = 5;
  EXPECT_EQ(to_text(value), R"({"a":2,"m":3,"z":5})");
}

TEST(Json, EqualValuesAreEqualInAnyOrder) {
  const Json a = parse_json(R"({"z": [1, {"p": 1, "q": 2}], "y": 3})", "a");
  const Json b = parse_json(R"({"y": 3, "z": [1, {"q": 2, "p": 1}]})", "b");
  EXPECT_EQ(a, b);
  EXPECT_EQ(canonical_text(a), canonical_text(b));
  EXPECT_EQ(canonical_text(a), R"({"y":3,"z":[1,{"p":1,"q":2}]})");
  EXPECT_NE(a, parse_json(R"({"y": 3, "z": [{"q": 2, "p": 1}, 1]})", "c"));
  EXPECT_NE(a, parse_json(R"({"y": 3, "z": [1, {"q": 2, "p": 1}], "x": 0})", "d"));
}

TEST(Json, ANameGivenTwice) {
  EXPECT_EQ(refusal("{\"a\": 1,\n \"b\": {\"c\": 1,\n\"c\": 1}}"),
            "x.json:3: \"c\" is given twice in one object");
  EXPECT_EQ(refusal(R"({"\u0061": 1, "a": 2})"), "x.json:1: \"a\" is given twice in one object");
  const Json last = parse_json(R"({"a": 1, "b": 2, "a": {"c": 3}})", "x.json", kJsonDepth,
                               RepeatedName::kLastHolds);
  EXPECT_EQ(to_text(last), R"({"a":{"c":3},"b":2})");
}

TEST(Json, TriesWhatMayBeNoJson) {
  EXPECT_EQ(try_parse_json("[1, 2"), std::nullopt);
  EXPECT_EQ(try_parse_json("1e999"), std::nullopt);
  EXPECT_EQ(try_parse_json(""), std::nullopt);
  const std::size_t deep = 2'000'000;
  EXPECT_EQ(try_parse_json(std::string(deep, '[') + std::string(deep, ']')), std::nullopt);
  EXPECT_EQ(*try_parse_json("{\"a\":1,\"a\":2}"), (Json{{"a", 2}}));
}

// Both of which would take minutes if a look-up went through all members.
TEST(Json, LargeObjectsAreReadAndSearched) {
  std::string text = "{";
  for (int i = 400'000; i > 0; --i)
    text += "\"k" + std::to_string(i) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  const Json value = parse_json(text, "x.json");
  std::int64_t sum = 0;
  for (int i = 1; i <= 400'000; ++i) sum += value["k" + std::to_string(i)].get<std::int64_t>();
  EXPECT_EQ(sum, std::int64_t{400'000} * 400'001 / 2);
  EXPECT_EQ(to_text(value), text);
}

// Against a plain list of pairs, below and above the size from which members are indexed.
TEST(Json, AnObjectIsAListOfPairsWithoutRepeats) {
  rc::check([] {
    Json value = Json::object();
    std::vector<std::pair<std::string, int>> pairs;
    const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
        rc::gen::pair(rc::gen::inRange(0, 40), rc::gen::inRange(0, 8)));
    for (const auto& [number, action] : steps) {
      const std::string key = "k" + std::to_string(number);
      const auto at = std::find_if(pairs.begin(), pairs.end(),
                                   [&](const auto& pair) { return pair.first == key; });
      RC_ASSERT(value.contains(key) == (at != pairs.end()));
      if (action == 0) {
        RC_ASSERT(value.erase(key) == (at != pairs.end() ? 1u : 0u));
        if (at != pairs.end()) pairs.erase(at);
      } else if (action == 1) {
        const Json copy = value;
        value = Json(copy);
      } else {
        value[key] = action;
        at == pairs.end() ? void(pairs.emplace_back(key, action)) : void(at->second = action);
      }
    }
    std::string expected = "{";
    for (const auto& [key, number] : pairs) {
      if (expected.size() > 1) expected += ',';
      expected += '"' + key + "\":" + std::to_string(number);
    }
    RC_ASSERT(to_text(value) == expected + '}');
    RC_ASSERT(parse_json(to_text(value), "x") == value);
    Json turned = Json::object();
    for (auto at = pairs.rbegin(); at != pairs.rend(); ++at) turned[at->first] = at->second;
    RC_ASSERT(turned == value);
    RC_ASSERT(canonical_text(turned) == canonical_text(value));
  });
}

}  // namespace json_test
}  // namespace parley
