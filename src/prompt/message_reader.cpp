#include "prompt/message_reader.hpp"

#include <utility>

namespace parley::text {

using message::PartBegins;
using message::PartEvents;
using message::PartGrows;
using message::PartWithdrawn;

MessageReader::MessageReader(ToolCallOptions options, std::shared_ptr<CallIds> ids)
    : parser_(options), ids_(ids ? std::move(ids) : std::make_shared<CallIds>(options.style)) {}

PartEvents MessageReader::events_of(std::vector<ToolEvent> events) {
  using Kind = ToolEvent::Kind;
  PartEvents out;
  const auto begin = [&](Kind kind, message::Part part) {
    out.emplace_back(PartBegins{parts_.size(), std::move(part)});
    parts_.push_back(kind);
  };
  const auto grow = [&](std::string more) {
    out.emplace_back(PartGrows{parts_.size() - 1, std::move(more)});
  };
  const auto last_is = [&](Kind kind) { return !parts_.empty() && parts_.back() == kind; };
  for (ToolEvent& event : events) {
    switch (event.kind) {
      case Kind::kText:
        if (last_is(Kind::kText)) {
          grow(std::move(event.text));
        } else {
          begin(Kind::kText, message::TextPart{std::move(event.text)});
        }
        break;
      case Kind::kReasoning:
        if (last_is(Kind::kReasoning)) {
          grow(std::move(event.text));
        } else {
          begin(Kind::kReasoning, message::ReasoningPart{std::move(event.text)});
        }
        break;
      case Kind::kCallBegin:
        begin(Kind::kCallBegin,
              message::ToolCallPart{ids_->next(event.id), std::move(event.name), {}});
        break;
      case Kind::kCallArguments:
        grow(std::move(event.text));
        break;
      case Kind::kCallEnd:
        break;
      case Kind::kCallAbandoned:
        parts_.pop_back();
        out.emplace_back(PartWithdrawn{parts_.size()});
        break;
    }
  }
  return out;
}

PartEvents MessageReader::push(std::string_view raw) {
  return events_of(parser_.push(raw));
}

PartEvents MessageReader::finish() {
  return events_of(parser_.finish());
}

message::Parts read_message(std::string_view raw, ToolCallOptions options) {
  MessageReader reader(std::move(options));
  message::Parts parts;
  for (const auto& event : reader.push(raw)) message::apply_event(event, parts);
  for (const auto& event : reader.finish()) message::apply_event(event, parts);
  return parts;
}

}  // namespace parley::text
