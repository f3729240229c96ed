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
  enum class Status { kMore, kDone, kFailed };
  virtual ~ToolPayload() = default;
  // Takes the next byte. kDone: this byte ended the payload. kFailed: the text up to here is no
  // call and this byte is not part of it. Neither is fed any more.
  virtual Status feed(char c) = 0;
  // Whether the message may end here.
  virtual bool complete() const { return false; }
};

struct JsonCalls {
  const Json* tools = nullptr;  // null, or the tools of which a call must name one
  bool repeated = false;        // several objects with ; between
  bool id_last = false;  // an id may follow the arguments: a call begins when all of it is there
};
// {"name": …, "arguments": {…}} or a list of them.
std::unique_ptr<ToolPayload> json_payload(ToolCallSink& sink, const JsonCalls& calls);
// <function=NAME><parameter=KEY>VALUE</parameter>…</function>. `tools`, or null, tell the types.
std::unique_ptr<ToolPayload> xml_payload(ToolCallSink& sink, const Json* tools);
// [f(a=1), g(b="x")]; with a `close` marker, calls up to it without the brackets, on lines of their
// own. `tools` as of json_payload.
std::unique_ptr<ToolPayload> python_payload(ToolCallSink& sink, std::string_view close,
                                            const Json* tools);
// What follows [TOOL_CALLS]: a list as of json_payload, or NAME[CALL_ID]ID[ARGS]{…}.
std::unique_ptr<ToolPayload> mistral_payload(ToolCallSink& sink);

// The tool of that name, or nullptr.
const Json* find_tool(const Json& tools, std::string_view name);
// A name that a tool may have: letters, digits and _ - . : / up to 256 bytes.
bool is_tool_name(std::string_view name);

}  // namespace parley::text
