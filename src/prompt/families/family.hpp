// A family of models: how its chat templates are known, how its models write calls and reasoning,
// and how a call that must be made is written. One file a family; table.cpp lists them.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "prompt/families/payload.hpp"
#include "prompt/tool_calls.hpp"

namespace parley::text {

using PayloadMaker = std::unique_ptr<ToolPayload> (*)(ToolCallSink& sink, const Json* tools);

// What opens something in a model's text that is not its answer, how it goes on, and what may close
// it. Where the payload turns out to be none, all of it is text.
struct Envelope {
  std::string_view open;
  PayloadMaker payload = nullptr;  // null: a mark around the answer, which is left out
  std::string_view close = {};
  bool at_line = false;     // only at the start of a line: what opens it has other uses too
  bool around_all = false;  // read also where the model was given no tools
};

struct Reasoning {
  std::string_view open, close;
};
inline constexpr Reasoning kThink = {"<think>", "</think>"};

// How a call that must be made is written: `begun` is put into the model's mouth, then comes a
// JSON object of name and arguments. Where it can be one tool only and `behind_name` is set, the
// name is put there too: `named`, name, `behind_name`, and the arguments alone follow.
struct ForcedForm {
  std::string_view begun = {}, name = {}, arguments = {};
  bool list = false;  // the object stands in a list
  std::string_view named = {}, behind_name = {};
};
// As words alone, which every family's reader takes for a call where a tool has that name.
inline constexpr ForcedForm kForcedWords = {"", "name", "parameters"};

struct Family {
  ToolCallStyle style;
  std::string_view name;
  std::string_view models;   // for people
  std::string_view example;  // a message that calls f with a = 1
  // Whether a chat template is the family's: one of `signs` stands in its text, and every one of
  // `and_all`.
  std::span<const std::string_view> signs;
  std::span<const std::string_view> and_all = {};
  std::span<const Envelope> envelopes;
  // What a message begins with, where that has no mark of its own.
  const Envelope* start = nullptr;
  Reasoning reasoning = kThink;
  // Its models begin calls without closing their reasoning; the marks come nowhere else.
  bool calls_end_reasoning = false;
  // Marks within calls, which an assistant's message may have as tokens beside `envelopes`'.
  std::span<const std::string_view> inner = {};
  // Tokens that part a reply: they belong to its text and do not end it, and nobody but the
  // template writes them.
  std::span<const std::string_view> parting = {};
  ForcedForm forced = kForcedWords;
};

// Every family, in the order in which templates are tried.
std::span<const Family* const> families();
// nullptr of kNone.
const Family* family_of(ToolCallStyle style);

// The entries of the table, one a file.
extern const Family kMistral, kCommandR, kDeepSeek, kKimi, kHarmony, kFunctionary, kPhi, kLfm, kGlm,
    kHermes, kPythonic, kLlama;

}  // namespace parley::text
