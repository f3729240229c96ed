#include "chat/model/forced_call.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "constraint/constraint_test_support.hpp"
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

class ForcedCallTest : public ::testing::TestWithParam<ToolCallStyle> {};

TEST_P(ForcedCallTest, WhatTheGrammarAllowsIsReadAsTheCall) {
  const ForcedCall any = force_tool_call(GetParam(), kTools, "");
  const ForcedCall find = force_tool_call(GetParam(), kTools, "find");
  const bool list = GetParam() == ToolCallStyle::kMistral || GetParam() == ToolCallStyle::kMarked ||
                    GetParam() == ToolCallStyle::kAction;
  const std::string name = GetParam() == ToolCallStyle::kAction ? "tool_name" : "name";
  const bool parameters =
      find.read_as == ToolCallStyle::kBareJson || GetParam() == ToolCallStyle::kAction;
  const auto call = [&](const std::string& tool, const std::string& arguments) {
    const std::string one = "{\"" + name + "\": \"" + tool + "\", \"" +
                            (parameters ? "parameters" : "arguments") + "\": " + arguments + "}";
    return list ? "[" + one + "]" : one;
  };
  const std::string good = call("find", "{\"title\": \"The Sea\", \"year\": 1999}");
  EXPECT_TRUE(allows(find.source.compile(), good)) << good;
  EXPECT_TRUE(allows(any.source.compile(), good));
  EXPECT_TRUE(allows(any.source.compile(), call("stop", "{}")));
  EXPECT_FALSE(allows(find.source.compile(), call("stop", "{}")));
  EXPECT_FALSE(allows(any.source.compile(), call("find", "{\"year\": 1999}")));
  EXPECT_FALSE(allows(any.source.compile(), "hello"));
  const auto parts = text::read_message(find.begun + good, {find.read_as, true, false, kTools});
  ASSERT_EQ(parts.size(), 1u) << find.begun + good;
  const auto& read = std::get<message::ToolCallPart>(parts[0]);
  EXPECT_EQ(read.name, "find");
  EXPECT_EQ(Json::parse(read.arguments)["title"], "The Sea");
}

INSTANTIATE_TEST_SUITE_P(Styles, ForcedCallTest,
                         ::testing::Values(ToolCallStyle::kTagged, ToolCallStyle::kBareJson,
                                           ToolCallStyle::kMistral, ToolCallStyle::kMarked,
                                           ToolCallStyle::kAction, ToolCallStyle::kPythonic),
                         [](const auto& each) {
                           std::string name(text::tool_call_style_name(each.param));
                           std::erase(name, '-');
                           return name;
                         });

TEST(ForcedCall, ArgumentsComeInTheToolsOrder) {
  const Json tools = Json::parse(R"([{"function": {"name": "f", "parameters": {"type": "object",
    "properties": {"z": {"const": 1}, "y": {"const": 2}, "x": {"const": 3}}}}}])");
  const ForcedCall forced = force_tool_call(ToolCallStyle::kTagged, tools, "f");
  EXPECT_TRUE(
      allows(forced.source.compile(), R"({"name": "f", "arguments": {"z": 1, "y": 2, "x": 3}})"));
  EXPECT_FALSE(
      allows(forced.source.compile(), R"({"name": "f", "arguments": {"x": 3, "y": 2, "z": 1}})"));
}

TEST(ForcedCall, NamesTheToolThatIsWrong) {
  EXPECT_THROW(force_tool_call(ToolCallStyle::kTagged, kTools, "sing"), Error);
  const auto bad =
      Json::parse(R"([{"function": {"name": "f", "parameters": {"type": "nonsense"}}}])");
  try {
    force_tool_call(ToolCallStyle::kTagged, bad, "").source.compile();
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("'f'"), std::string::npos) << e.message();
  }
}

}  // namespace forced_call_test
}  // namespace parley::chat
