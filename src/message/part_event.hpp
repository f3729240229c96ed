// A message while it is being written: events that build its parts one after the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.hpp"
#include "message/part.hpp"

namespace parley::message {

// `part` is the next one; of a kind that grows, what is there so far.
struct PartBegins {
  std::size_t index;
  Part part;
  bool operator==(const PartBegins&) const = default;
};
// More of the last part's kGrows.
struct PartGrows {
  std::size_t index;
  std::string text;
  bool operator==(const PartGrows&) const = default;
};
// The last part turned out to be none; what it held follows as something else.
struct PartWithdrawn {
  std::size_t index;
  bool operator==(const PartWithdrawn&) const = default;
};
using PartEvent = std::variant<PartBegins, PartGrows, PartWithdrawn>;
using PartEvents = std::vector<PartEvent>;

// Brings `parts` up to date. Errors: kInternal when the event is not about the end of `parts`.
void apply_event(const PartEvent& event, Parts& parts);

// The words that an event adds to the message's plain text: all of them make plain_text(). `parts`
// is the message before the event. Only kinds that do not speak are ever withdrawn.
std::string added_plain_text(const PartEvent& event, const Parts& parts);

// "part_begin" {"index", "part"}, "part_delta" {"index", "text"}, "part_withdrawn" {"index"}.
std::string_view event_name(const PartEvent& event);
Json event_json(const PartEvent& event);

}  // namespace parley::message
