// What a parser's events make of a whole message, with ids as the model wrote them. Only tests
// include this.
#pragma once

#include "prompt/tool_calls.hpp"

namespace parley::text {

struct ToolCall {
  std::string id, name, arguments;
};
struct ParsedMessage {
  std::string content, reasoning;
  std::vector<ToolCall> calls;
};

inline ParsedMessage message_of(std::vector<ToolEvent> events) {
  ParsedMessage out;
  for (ToolEvent& event : events) {
    switch (event.kind) {
      case ToolEvent::Kind::kText:
        out.content += event.text;
        break;
      case ToolEvent::Kind::kReasoning:
        out.reasoning += event.text;
        break;
      case ToolEvent::Kind::kCallBegin:
        out.calls.push_back({std::move(event.id), std::move(event.name), {}});
        break;
      case ToolEvent::Kind::kCallArguments:
        out.calls.back().arguments += event.text;
        break;
      case ToolEvent::Kind::kCallEnd:
        break;
      case ToolEvent::Kind::kCallAbandoned:
        out.calls.pop_back();
        break;
    }
  }
  return out;
}

inline ParsedMessage parse_message(std::string_view text, ToolCallOptions options) {
  ToolCallParser parser(std::move(options));
  std::vector<ToolEvent> events = parser.push(text);
  for (ToolEvent& event : parser.finish()) events.push_back(std::move(event));
  return message_of(std::move(events));
}

}  // namespace parley::text
