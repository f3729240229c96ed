#include "cli/reply_text.hpp"

#include <string_view>
#include <utility>

#include "message/plain_text.hpp"

namespace parley::cli {
namespace {

using message::PartBegins;
using message::PartGrows;

std::string aside_words(const message::Part& part) {
  if (const auto* thought = std::get_if<message::ReasoningPart>(&part)) return thought->text;
  if (const auto* call = std::get_if<message::ToolCallPart>(&part))
    return "→ " + call->name + " " + call->arguments;
  if (const auto* result = std::get_if<message::ToolResultPart>(&part)) return "← " + result->text;
  if (const auto* notice = std::get_if<message::NoticePart>(&part)) return notice->text;
  return "";
}

}  // namespace

std::string ReplyText::aside(const message::PartEvent& event) {
  const auto dimmed = [&](const std::string& words) {
    return words.empty() ? words : style_.dim + words + style_.off;
  };
  if (const auto* begun = std::get_if<PartBegins>(&event)) {
    const std::string words = dimmed(aside_words(begun->part));
    if (words.empty()) return words;
    return (last_ == Shown::kNothing ? "" : std::string(message::kPartGap)) + words;
  }
  const auto* more = std::get_if<PartGrows>(&event);
  const bool grows = more && !std::holds_alternative<message::TextPart>(parts_.back());
  return grows ? dimmed(more->text) : "";
}

std::string ReplyText::add(const message::PartEvents& events) {
  std::string out;
  for (const message::PartEvent& event : events) {
    std::string words = message::added_plain_text(event, parts_);
    if (!words.empty()) {
      if (last_ == Shown::kAside) {
        if (!std::string_view(words).starts_with(message::kPartGap)) out += message::kPartGap;
      }
      out += words;
      last_ = Shown::kWords;
    } else if (asides_) {
      words = aside(event);
      out += words;
      if (!words.empty()) last_ = Shown::kAside;
    }
    message::apply_event(event, parts_);
  }
  return out;
}

}  // namespace parley::cli
