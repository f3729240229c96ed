// A reply as a terminal or a pipe shows it while it grows.
#pragma once

#include <string>

#include "base/terminal.hpp"
#include "message/part_event.hpp"

namespace parley::cli {

class ReplyText {
 public:
  // `asides`: what the assistant does not say (reasoning, calls, notices) is shown too, dimmed. A
  // pipe gets its plain text alone.
  ReplyText(const Style& style, bool asides) : style_(style), asides_(asides) {}

  // What to print next.
  std::string add(const message::PartEvents& events);

 private:
  enum class Shown { kNothing, kAside, kWords };

  std::string aside(const message::PartEvent& event);

  const Style style_;
  const bool asides_;
  message::Parts parts_;
  Shown last_ = Shown::kNothing;
};

}  // namespace parley::cli
