// The names of tools.
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace parley::text {

// The tool of that name, or nullptr.
const Json* find_tool(const Json& tools, std::string_view name);
// Whether a call may have that name: where `tools` is not null, it is one of them.
bool may_call(const Json* tools, std::string_view name);
// `tools`, and where they are not known a list without any.
const Json& offered_tools(const Json* tools);
// A name that a tool may have: letters, digits and _ - . : / up to 256 bytes.
bool is_tool_name(std::string_view name);

}  // namespace parley::text
