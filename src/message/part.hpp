// The typed parts that a message is made of. This page is the registry: each kind is described here
// once, and from that description come its JSON, its JSON Schema and its TypeScript
// (part_json.hpp, part_schema.hpp). A new kind is a struct here and a name in Part.
//
// A kind has
//   kType, kWhat   its name in JSON, and what it is in a few words
//   describe(at)   its fields: at(name, what it holds, member); a std::optional may be missing
//   kGrows         the text member that grows while a reply is being written, where it has one
//   spoken()       what it adds to the message's plain text, where it adds any (plain_text.hpp);
//                  of a kind that grows, the member that does
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace parley::message {

struct TextPart {
  static constexpr const char* kType = "text";
  static constexpr const char* kWhat = "What is said, as Markdown";
  std::string text;

  template <typename At>
  static void describe(At& at) {
    at("text", "The words", &TextPart::text);
  }
  static constexpr auto kGrows = &TextPart::text;
  const std::string& spoken() const { return text; }
  bool operator==(const TextPart&) const = default;
};

struct ReasoningPart {
  static constexpr const char* kType = "reasoning";
  static constexpr const char* kWhat =
      "What a model thought before it answered; never read back to it";
  std::string text;

  template <typename At>
  static void describe(At& at) {
    at("text", "The thoughts, as plain text", &ReasoningPart::text);
  }
  static constexpr auto kGrows = &ReasoningPart::text;
  bool operator==(const ReasoningPart&) const = default;
};

struct ToolCallPart {
  static constexpr const char* kType = "tool_call";
  static constexpr const char* kWhat = "A tool that the assistant asks to be run";
  std::string id, name, arguments;

  template <typename At>
  static void describe(At& at) {
    at("id", "What the result names; unlike every other in the conversation", &ToolCallPart::id);
    at("name", "The tool", &ToolCallPart::name);
    at("arguments", "A JSON object, as text", &ToolCallPart::arguments);
  }
  static constexpr auto kGrows = &ToolCallPart::arguments;
  bool operator==(const ToolCallPart&) const = default;
};

struct ToolResultPart {
  static constexpr const char* kType = "tool_result";
  static constexpr const char* kWhat = "What a tool gave back";
  std::string call_id, text;
  bool failed = false;

  template <typename At>
  static void describe(At& at) {
    at("call_id", "The id of the call", &ToolResultPart::call_id);
    at("text", "What it gave, as the model reads it", &ToolResultPart::text);
    at("failed", "The tool could not do what was asked; text says why", &ToolResultPart::failed);
  }
  bool operator==(const ToolResultPart&) const = default;
};

struct NoticePart {
  static constexpr const char* kType = "notice";
  static constexpr const char* kWhat =
      "What the service has to say about the message; not the assistant's words";
  std::string code, text;

  template <typename At>
  static void describe(At& at) {
    at("code", "Which notice it is, for programs: lower case words joined by _", &NoticePart::code);
    at("text", "The notice, for people", &NoticePart::text);
  }
  bool operator==(const NoticePart&) const = default;
};

using Part = std::variant<TextPart, ReasoningPart, ToolCallPart, ToolResultPart, NoticePart>;
using Parts = std::vector<Part>;

template <typename Kind>
concept Growing = requires { Kind::kGrows; };
template <typename Kind>
concept Spoken = requires(const Kind& part) { part.spoken(); };

// Calls `visit` with a value of each kind, in the order of Part.
template <typename Visit>
void for_each_kind(Visit&& visit) {
  [&]<typename... Kinds>(const std::variant<Kinds...>*) {
    (visit(Kinds{}), ...);
  }(static_cast<const Part*>(nullptr));
}

}  // namespace parley::message
