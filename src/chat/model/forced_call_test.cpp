#include "chat/model/forced_call.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"
#include "prompt/families/family.hpp"
#include "prompt/message_reader.hpp"

namespace parley::chat {
namespace forced_call_test {

using text::ToolCallStyle;

const Json kTools = Json::parse(R"([
  {"type": "function", "function": {"name": "find", "parameters": {
    "type": "object", "properties": {"title": {"$ref": "#/$defs/title"}, "year": {"type": "integer"}},
    "required": ["title"], "$defs": {"title": {"type": "string", "maxLength": 20}}}}},
  {"type": "function", "function": {"name": "stop"}}])");

// Whether the grammar allows all of `text`, to its end.
bool allows(const engine::GrammarPtr& grammar, const std::string& text) {
  const test::ListTokenizer tokenizer({});
  const auto table = std::make_shared<const engine::TokenTable>(
      tokenizer, std::vector<text::TokenId>{test::ListTokenizer::kEnd});
  engine::GrammarMatcher matcher(grammar, table);
  for (const text::TokenId id : tokenizer.encode(text)) {
    if (!matcher.accept(id)) return false;
  }
  return matcher.accept(test::ListTokenizer::kEnd);
}

class ForcedCallTest : public ::testing::TestWithParam<ToolCallStyle> {
 protected:
  // What `forced` allows is read as the call of find that it is.
  static void expect_find(const ForcedCall& forced, const std::string& rest) {
    const auto parts =
        text::read_message(forced.begun + rest, {forced.read_as, true, false, kTools});
    ASSERT_EQ(parts.size(), 1u) << forced.begun + rest;
    const auto& read = std::get<message::ToolCallPart>(parts[0]);
    EXPECT_EQ(read.name, "find");
    EXPECT_EQ(Json::parse(read.arguments)["title"], "The Sea");
  }
};

TEST_P(ForcedCallTest, WhatTheGrammarAllowsIsReadAsTheCall) {
  const text::ForcedForm& form = text::family_of(GetParam())->forced;
  const auto call = [&](const std::string& tool, const std::string& arguments) {
    const std::string one = "{\"" + std::string(form.name) + "\": \"" + tool + "\", \"" +
                            std::string(form.arguments) + "\": " + arguments + "}";
    return form.list ? "[" + one + "]" : one;
  };
  const std::string arguments = "{\"title\": \"The Sea\", \"year\": 1999}";
  const ForcedCall any = force_tool_call(GetParam(), kTools, "");
  const std::string good = call("find", arguments);
  EXPECT_EQ(any.read_as, GetParam());
  EXPECT_TRUE(allows(any.source.compile(), good)) << good;
  EXPECT_TRUE(allows(any.source.compile(), call("stop", "{}")));
  EXPECT_FALSE(allows(any.source.compile(), call("find", "{\"year\": 1999}")));
  EXPECT_FALSE(allows(any.source.compile(), "hello"));
  expect_find(any, good);

  const ForcedCall find = force_tool_call(GetParam(), kTools, "find");
  const std::string rest = form.behind_name.empty() ? good : arguments;
  EXPECT_TRUE(allows(find.source.compile(), rest)) << rest;
  EXPECT_FALSE(allows(find.source.compile(), call("stop", "{}")));
  EXPECT_FALSE(allows(find.source.compile(), "{}"));
  expect_find(find, rest);
}

std::vector<ToolCallStyle> styles() {
  std::vector<ToolCallStyle> out;
  for (const text::Family* family : text::families()) out.push_back(family->style);
  return out;
}

INSTANTIATE_TEST_SUITE_P(Styles, ForcedCallTest, ::testing::ValuesIn(styles()),
                         [](const auto& each) {
                           std::string name(text::tool_call_style_name(each.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(ForcedCall, ArgumentsComeInTheToolsOrder) {
  const Json tools = Json::parse(R"([{"function": {"name": "f", "parameters": {"type": "object",
    "properties": {"z": {"const": 1}, "y": {"const": 2}, "x": {"const": 3}}}}}])");
  const ForcedCall forced = force_tool_call(ToolCallStyle::kHermes, tools, "f");
  EXPECT_TRUE(
      allows(forced.source.compile(), R"({"name": "f", "arguments": {"z": 1, "y": 2, "x": 3}})"));
  EXPECT_FALSE(
      allows(forced.source.compile(), R"({"name": "f", "arguments": {"x": 3, "y": 2, "z": 1}})"));
}

TEST(ForcedCall, NamesTheToolThatIsWrong) {
  EXPECT_THROW(force_tool_call(ToolCallStyle::kHermes, kTools, "sing"), Error);
  const auto bad =
      Json::parse(R"([{"function": {"name": "f", "parameters": {"type": "nonsense"}}}])");
  try {
    force_tool_call(ToolCallStyle::kHermes, bad, "").source.compile();
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("'f'"), std::string::npos) << e.message();
  }
}

}  // namespace forced_call_test
}  // namespace parley::chat
