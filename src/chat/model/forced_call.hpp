// A reply that must be a tool call: the marker that the model's family opens a call with is put
// into its mouth, and a grammar holds it to the call's JSON, the arguments to the tool's schema.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "constraint/constraint_source.hpp"
#include "prompt/tool_calls.hpp"

namespace parley::chat {

struct ForcedCall {
  std::string begun;  // what the reply begins with
  // Of what the model adds. Compiling it fails with kInvalidInput that names the tool whose
  // parameters are no schema that can be compiled.
  engine::ConstraintSource source;
  text::ToolCallStyle read_as = text::ToolCallStyle::kNone;  // of both together
  bool is_none() const { return source.compile == nullptr; }
};

// `tools` as OpenAI's protocol has them; `name`: the one to call, or empty for any of them.
// Errors: kInvalidInput where none has that name.
ForcedCall force_tool_call(text::ToolCallStyle style, const Json& tools, std::string_view name);

}  // namespace parley::chat
