#include "message/part_json.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/error.hpp"

namespace parley::message {
namespace part_json_test {

std::string error_of(const char* json) {
  try {
    parts_from_json(parse_json(json, "test"), "parts");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidInput);
    return error.message() + " | " + error.hint();
  }
  return "";
}

TEST(PartJson, EveryKindHasItsFieldsInOrder) {
  const Parts parts = {TextPart{"Hi"}, ReasoningPart{"hm"}, ToolCallPart{"c1", "find", "{}"},
                       ToolResultPart{"c1", "none", true}, NoticePart{"trimmed", "Left out."}};
  EXPECT_EQ(to_text(to_json(parts)),
            R"([{"type":"text","text":"Hi"},{"type":"reasoning","text":"hm"},)"
            R"({"type":"tool_call","id":"c1","name":"find","arguments":"{}"},)"
            R"({"type":"tool_result","call_id":"c1","text":"none","failed":true},)"
            R"({"type":"notice","code":"trimmed","text":"Left out."}])");
}

TEST(PartJson, WhatIsWrittenIsReadBack) {
  rc::check([](const std::vector<std::string>& words) {
    Parts parts;
    std::size_t next = 0;
    const auto word = [&] { return words.empty() ? "" : words[next++ % words.size()]; };
    for (std::size_t i = 0; i < words.size(); ++i) {
      for_each_kind([&]<typename Kind>(Kind kind) {
        auto fill = [&](const char*, const char*, auto member) {
          if constexpr (std::is_same_v<decltype(member), std::string Kind::*>) {
            kind.*member = word();
          } else {
            kind.*member = i % 2 == 1;
          }
        };
        Kind::describe(fill);
        parts.push_back(kind);
      });
    }
    RC_ASSERT(parts_from_json(to_json(parts), "parts") == parts);
  });
}

TEST(PartJson, WhatItDoesNotKnowIsRefusedByName) {
  EXPECT_EQ(error_of("{}"), "parts: expected a list of parts | ");
  EXPECT_EQ(error_of("[3]"), "parts[0]: expected an object | ");
  EXPECT_EQ(error_of(R"([{"text": "x"}])"),
            "parts[0].type: expected the name of a kind of part | ");
  EXPECT_EQ(error_of(R"([{"type": "text", "text": "x"}, {"type": "hologram"}])"),
            "parts[1].type: unknown kind of part 'hologram' | expected one of text, reasoning, "
            "tool_call, tool_result, notice");
  EXPECT_EQ(error_of(R"([{"type": "text"}])"), "parts[0].text: missing | a text part must have it");
  EXPECT_EQ(error_of(R"([{"type": "text", "text": null}])"), "parts[0].text: expected a text | ");
  EXPECT_EQ(error_of(R"([{"type": "text", "text": "x", "color": 1}])"),
            "parts[0].color: unknown field | a text part has no such field");
  EXPECT_EQ(error_of(R"([{"type": "tool_result", "call_id": "a", "text": "", "failed": 0}])"),
            "parts[0].failed: expected true or false | ");
}

}  // namespace part_json_test
}  // namespace parley::message
