// Finds the tool calls in what a model writes, as it writes them, and parts its reasoning from its
// answer. Every family of models writes calls in its own way (families/); the chat template shows
// which. message_reader.hpp makes a message's parts of it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"

namespace parley::text {

// How a family of models writes calls: an entry of the table in families/.
enum class ToolCallStyle {
  kNone,  // the template knows no tools: all is text
  kHermes,
  kLlama,
  kPythonic,
  kMistral,
  kPhi,
  kCommandR,
  kDeepSeek,
  kFunctionary,
  kLfm,
  kGlm,
  kKimi,
  kHarmony,
};

// The style that a chat template writes calls in; kNone where it shows none.
ToolCallStyle detect_tool_call_style(std::string_view template_source);
std::string_view tool_call_style_name(ToolCallStyle style);

// What opens and closes calls in a style, and reasoning in any: a model may have special tokens of
// these spellings, and an assistant's message may have them.
std::vector<std::string_view> tool_call_markers(ToolCallStyle style);
std::vector<std::pair<std::string_view, std::string_view>> reasoning_markers();
// What parts a reply in a style: tokens that belong to its text and do not end it, which nobody but
// the template writes.
std::vector<std::string_view> parting_markers(ToolCallStyle style);

struct ToolEvent {
  enum class Kind {
    kText,           // text: more of the answer
    kReasoning,      // text: more of the reasoning
    kCallBegin,      // index, id, name
    kCallArguments,  // index, text: more of the arguments, which are a JSON object in all
    kCallEnd,        // index
    kCallAbandoned,  // index: what began as a call is none; all of it follows as kText
  };
  Kind kind;
  std::string text;
  int index = 0;         // of the call in the message, from 0
  std::string id, name;  // id: what the model wrote, or empty (call_ids.hpp makes one of it)
};

struct ToolCallOptions {
  ToolCallStyle style = ToolCallStyle::kNone;
  bool reasoning = true;            // part <think>…</think> and its kin at the start
  bool opens_in_reasoning = false;  // the prompt ended inside the reasoning
  // The tools that the model was given, as in ChatInput, or null: none, or not known. Words without
  // a mark of the family's count as a call only if they name one of them; types of XML parameters
  // are taken from them.
  Json tools;
  bool calls = true;  // else what looks like a call is text: the model was given no tools
};

// Whether a prompt ends by opening the reasoning, as some templates do.
bool prompt_opens_reasoning(std::string_view prompt);

// One message. Not thread-safe.
//
// A call is what stands behind a mark of the family's and has the form of a call; without a mark, a
// call of a tool that the model was given, as the message's first words. Reasoning has no calls.
// Text that may still become a call is withheld until that is decided. The arguments of a call are
// passed on while they come, once its name is known; a list may give a call's id behind them, so
// there each call comes whole. Nothing is lost: what does not become a call comes out as text.
// White space that no text adjoins (between calls, behind the last, around the reasoning) is
// dropped.
class ToolCallParser {
 public:
  explicit ToolCallParser(ToolCallOptions options);
  ~ToolCallParser();
  ToolCallParser(ToolCallParser&&) noexcept;
  ToolCallParser& operator=(ToolCallParser&&) noexcept;

  // More of the message, cut anywhere. Neighbouring texts of one kind are one event.
  std::vector<ToolEvent> push(std::string_view text);
  // The message is complete; gives what was withheld.
  std::vector<ToolEvent> finish();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley::text
