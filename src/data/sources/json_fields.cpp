#include "data/sources/json_fields.hpp"

#include <algorithm>
#include <array>

#include "text/utf8.hpp"

namespace parley::data {
namespace {

namespace dom = simdjson::dom;

// Definitions of tools, whose messages have no place in the chat format either and are counted.
constexpr std::array kToolFields = {
    std::string_view("tools"), std::string_view("functions"), std::string_view("function_call"),
    std::string_view("tool_choice"), std::string_view("parallel_tool_calls")};

}  // namespace

std::string json_type_of(const dom::element& element) {
  switch (element.type()) {
    case dom::element_type::ARRAY:
      return "an array";
    case dom::element_type::OBJECT:
      return "an object";
    case dom::element_type::STRING:
      return "a string";
    case dom::element_type::BOOL:
      return "true or false";
    case dom::element_type::NULL_VALUE:
      return "null";
    default:
      return "a number";
  }
}

std::string keys_of(const dom::object& object) {
  std::string keys;
  int count = 0;
  for (const auto field : object) {
    if (count++ == 6) return keys + ", …";
    keys += (keys.empty() ? "" : ", ") + std::string(text::utf8_prefix(field.key, 40));
  }
  return keys.empty() ? "nothing" : keys;
}

bool carries_text(const dom::element& element) {  // no deeper than kMaxJsonDepth
  std::string_view text;
  if (element.get(text) == simdjson::SUCCESS) {
    return text.find_first_not_of(" \t\r\n") != std::string_view::npos;
  }
  dom::array array;
  if (element.get(array) == simdjson::SUCCESS) {
    for (const dom::element item : array) {
      if (carries_text(item)) return true;
    }
    return false;
  }
  dom::object object;
  if (element.get(object) != simdjson::SUCCESS) return false;
  for (const auto field : object) {
    if (carries_text(field.value)) return true;
  }
  return false;
}

void note_unread(RawRecord& record, std::string_view name) {
  if (std::find(record.unread.begin(), record.unread.end(), name) == record.unread.end()) {
    record.unread.push_back(name);
  }
}

bool is_said_in(const RawRecord& record, std::string_view text) {
  return std::any_of(record.messages.begin(), record.messages.end(),
                     [&](const RawMessage& message) { return message.content == text; });
}

void fail_unread(const Place& place, std::string_view name) {
  const std::string shown(text::utf8_prefix(name, 40));
  fail_record(place, "the record has text in \"" + shown + "\" beside its messages",
              "put it among them, or leave it out knowingly: --columns messages=messages (the name "
              "of the list)");
}

bool names_nothing_said(std::string_view name) {
  return names_metadata(name) ||
         std::find(kToolFields.begin(), kToolFields.end(), name) != kToolFields.end();
}

}  // namespace parley::data
