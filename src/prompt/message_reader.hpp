// A model's raw text becomes the parts of a message while it is written. Nothing else reads raw
// text: page, terminal, scenarios and /v1 hear the events that come from here.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "message/part_event.hpp"
#include "prompt/call_ids.hpp"
#include "prompt/tool_calls.hpp"

namespace parley::text {

// One message. Not thread-safe, but readers may share their `ids`.
class MessageReader {
 public:
  // `ids`: of the conversation that the message is part of; null: of this message alone.
  explicit MessageReader(ToolCallOptions options, std::shared_ptr<CallIds> ids = nullptr);

  // More of the text, cut anywhere. A part begins with its first words; neighbouring words are one
  // event.
  message::PartEvents push(std::string_view raw);
  // The text is complete; gives what was withheld.
  message::PartEvents finish();

 private:
  message::PartEvents events_of(std::vector<ToolEvent> events);

  ToolCallParser parser_;
  std::shared_ptr<CallIds> ids_;
  std::vector<ToolEvent::Kind> parts_;  // of each part, the kind of event that began it
};

// A complete message.
message::Parts read_message(std::string_view raw, ToolCallOptions options);

}  // namespace parley::text
