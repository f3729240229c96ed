// A call written as Python: name(key=literal, …), and its literals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace parley::text {

struct PythonCall {
  std::string name;
  std::string arguments;  // a JSON object
};

// Literals are text, numbers, True, False, None, lists, tuples and dicts. Nothing where `text` is
// anything else, or nests deeper than 32.
std::optional<PythonCall> parse_python_call(std::string_view text);
// One such literal, and nothing else.
std::optional<Json> parse_python_literal(std::string_view text);

}  // namespace parley::text
