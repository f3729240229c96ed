// The forms in which models write calls, each read as it arrives.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace parley::text {

// Receives what a payload finds, in order.
class ToolCallSink {
 public:
  virtual ~ToolCallSink() = default;
  virtual void begin_call(std::string name, std::string id) = 0;
  virtual void add_arguments(std::string_view json) = 0;
  // False where the arguments turn out not to be a JSON object.
  virtual bool end_call() = 0;
};

class ToolPayload {
 public:
  enum class Status { kMore, kTaken, kDone, kReasoning, kFailed };
  virtual ~ToolPayload() = default;
  // Takes the next byte. kTaken: with it ends a mark behind a call, which is no text whatever
  // follows. kDone: this byte ended the payload. kReasoning: it did, and the family's reasoning
  // follows. kFailed: the text up to here is no call and this byte is not part of it; then it is
  // not fed any more.
  virtual Status feed(char c) = 0;
  // Whether the payload may end with its last call: what came since, but for marks that were taken,
  // is none of it.
  virtual bool complete() const { return false; }
};

// In all of these `tools`, where not null, are those of which a call must name one.

struct JsonCalls {
  const Json* tools = nullptr;
  bool repeated = false;  // several objects behind each other, also with ; between
  bool id_last = false;   // an id may follow the arguments: a call begins when all of it is there
};
// {"name": …, "arguments": {…}} or a list of them.
std::unique_ptr<ToolPayload> json_payload(ToolCallSink& sink, const JsonCalls& calls);

struct PythonCalls {
  const Json* tools = nullptr;
  bool brackets = false;        // [f(a=1), g(b="x")]; else calls on lines of their own
  std::string_view close = {};  // what ends those lines
};
std::unique_ptr<ToolPayload> python_payload(ToolCallSink& sink, const PythonCalls& calls);

// <function=NAME><parameter=KEY>VALUE</parameter>…</function>, <function=NAME>{…}</function>.
// `types`, or null, are the tools that tell the types of values; any name is a call.
std::unique_ptr<ToolPayload> xml_payload(ToolCallSink& sink, const Json* types);

// NAME, then <arg_key>KEY</arg_key><arg_value>VALUE</arg_value> for each argument, </tool_call>.
std::unique_ptr<ToolPayload> arg_key_payload(ToolCallSink& sink, const Json* types);

// Calls of which each has a head with marks around it, as DeepSeek and Kimi write them:
// OPEN HEAD SEPARATOR {…} CLOSE, where the head is NAME, functions.NAME:3, or "function" and the
// name stands on the rest of the separator's line. A fence around the arguments is part of it.
struct HeadedCalls {
  std::string_view open, separator, close;
  bool opened = false;  // `open` has been read
};
std::unique_ptr<ToolPayload> headed_payload(ToolCallSink& sink, const HeadedCalls& calls);

// Which form it is, the first byte tells.
struct AnyForm {
  const Json* tools = nullptr;
  const Json* types = nullptr;
  bool xml = false, arg_keys = false;  // also these two
  bool python_lines = false;           // also Python's calls without brackets
  bool fence = false;                  // behind ``` there may be the name of a language
};
std::unique_ptr<ToolPayload> any_payload(ToolCallSink& sink, const AnyForm& form);

// Those makers that families share.
std::unique_ptr<ToolPayload> tagged_calls(ToolCallSink& sink, const Json* tools);     // any name
std::unique_ptr<ToolPayload> offered_calls(ToolCallSink& sink, const Json* tools);    // of a tool
std::unique_ptr<ToolPayload> fenced_calls(ToolCallSink& sink, const Json* tools);     // of a tool
std::unique_ptr<ToolPayload> listed_calls(ToolCallSink& sink, const Json* tools);     // JSON
std::unique_ptr<ToolPayload> bracketed_calls(ToolCallSink& sink, const Json* tools);  // Python
std::unique_ptr<ToolPayload> function_tag(ToolCallSink& sink, const Json* tools);

}  // namespace parley::text
