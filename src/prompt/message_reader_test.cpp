#include "prompt/message_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "message/plain_text.hpp"

namespace parley::text {
namespace message_reader_test {

using message::Parts;
using message::ReasoningPart;
using message::TextPart;
using message::ToolCallPart;

ToolCallOptions tagged() {
  ToolCallOptions options;
  options.style = ToolCallStyle::kHermes;
  return options;
}

TEST(MessageReader, ReasoningWordsAndCallsArePartsInTheirOrder) {
  const Parts parts = read_message(
      "<think>\nhm\n</think>\n\nI look.\n<tool_call>{\"name\": \"find\", \"arguments\": {\"q\": "
      "1}}</tool_call>Wait.",
      tagged());
  ASSERT_EQ(parts.size(), 4u);
  EXPECT_EQ(parts[0], message::Part(ReasoningPart{"hm"}));
  EXPECT_EQ(parts[1], message::Part(TextPart{"I look.\n"}));
  const auto& call = std::get<ToolCallPart>(parts[2]);
  EXPECT_EQ(call.name, "find");
  EXPECT_EQ(call.arguments, "{\"q\": 1}");
  EXPECT_THAT(call.id, ::testing::StartsWith("call_"));
  EXPECT_EQ(parts[3], message::Part(TextPart{"Wait."}));
  EXPECT_EQ(message::plain_text(parts), "I look.\n\n\nWait.");
}

TEST(MessageReader, ACallThatIsNoneGoesOnAsTheTextBeforeIt) {
  EXPECT_EQ(read_message("So <tool_call>{\"name\": \"f\", \"arguments\": {oops", tagged()),
            (Parts{TextPart{"So <tool_call>{\"name\": \"f\", \"arguments\": {oops"}}));
}

TEST(MessageReader, WithoutToolsAWholeMessageThatLooksLikeACallIsText) {
  ToolCallOptions options;
  options.style = ToolCallStyle::kLlama;
  options.tools = Json::array();
  const char* const said = "{\"name\": \"Ann\", \"parameters\": {}}";
  EXPECT_EQ(read_message(said, options), Parts{TextPart{said}});
}

TEST(MessageReader, IdsOfOneConversationAreUnlike) {
  auto ids = std::make_shared<CallIds>(ToolCallStyle::kMistral);
  ids->take(Json::parse(R"([{"role": "tool", "tool_call_id": "abcdefghi"}])"));
  ToolCallOptions options;
  options.style = ToolCallStyle::kMistral;
  std::set<std::string> seen = {"abcdefghi"};
  for (int i = 0; i < 3; ++i) {
    MessageReader reader(options, ids);
    Parts parts;
    for (const auto& event :
         reader.push("[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {}, \"id\": \"abcdefghi\"}]"))
      message::apply_event(event, parts);
    for (const auto& event : reader.finish()) message::apply_event(event, parts);
    ASSERT_EQ(parts.size(), 1u);
    EXPECT_TRUE(seen.insert(std::get<ToolCallPart>(parts[0]).id).second);
  }
}

// The ids of calls are drawn at random.
Parts without_ids(Parts parts) {
  for (message::Part& part : parts)
    if (auto* call = std::get_if<ToolCallPart>(&part)) call->id.clear();
  return parts;
}

TEST(MessageReader, HowTheTextIsCutDoesNotMatter) {
  const std::vector<std::string> pieces = {"<tool_call>",
                                           "</tool_call>",
                                           "{\"name\": \"f\", \"arguments\": {\"a\": [1, 2]}}",
                                           "{\"name\": \"f\", \"arguments\": {oops",
                                           "<think>",
                                           "</think>",
                                           "\n",
                                           "word ",
                                           "é"};
  EXPECT_TRUE(rc::check([&] {
    std::string raw;
    for (const auto& piece :
         *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)))
      raw += piece;
    const std::size_t step = *rc::gen::inRange(1, 9);
    MessageReader reader(tagged());
    Parts parts;
    for (std::size_t at = 0; at < raw.size(); at += step)
      for (const auto& event : reader.push(std::string_view(raw).substr(at, step)))
        message::apply_event(event, parts);
    for (const auto& event : reader.finish()) message::apply_event(event, parts);
    RC_ASSERT(without_ids(parts) == without_ids(read_message(raw, tagged())));
  }));
}

}  // namespace message_reader_test
}  // namespace parley::text
