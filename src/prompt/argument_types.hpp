// What a tool's schema says of its arguments' types: some families write the arguments of a call
// without quotes, so that only the schema tells the text 42 from the number.
#pragma once

#include <string_view>

#include "base/json.hpp"

namespace parley::text {

// `value` as the argument `name` of `function` ({"name", "parameters"}, or null: not known). What
// reads as a type that the schema allows is that, True, None and lists in Python's spelling
// included; then text, where it allows text; else JSON, where it is some, and text.
Json argument_of(const Json* function, std::string_view name, std::string_view value);

}  // namespace parley::text
