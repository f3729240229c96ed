// Values as text: str(), repr(), json.dumps(), the % operator and str.format().
#pragma once

#include <string>
#include <string_view>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

// Appends within the limits on steps and memory. Errors: kLimit.
void append(Runtime& runtime, std::string& out, std::string_view text);

// str(value), what {{ value }} prints. An undefined value is empty text.
void append_str(Runtime& runtime, std::string& out, const Value& value);
std::string_view to_str(Runtime& runtime, const Value& value);  // lives in the arena
std::string_view to_repr(Runtime& runtime, const Value& value);
std::string float_repr(double value);

// text.replace(from, to, limit): all where `limit` is negative. REQUIRES: `text` and `to` are text.
Value replace(Runtime& runtime, const Value& text, std::string_view from, const Value& to,
              std::int64_t limit, bool markup);

// & < > ' " as HTML entities.
std::string escape_html(std::string_view text);

struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  bool pretty = false;  // one item a line, each level indented by `indent`
  std::string indent;
  std::string item_separator = ", ", key_separator = ": ";
};
// json.dumps(value). Errors: kInvalidInput on a value that JSON does not have.
void append_json(Runtime& runtime, std::string& out, const Value& value, const JsonStyle& style);

// format % arguments, where `format` is text.
Value percent_format(Runtime& runtime, const Value& format, const Value& arguments);
// format.format(arguments…)
Value brace_format(Runtime& runtime, const Value& format, const Arguments& arguments);
// format(value, spec) of Python.
void append_formatted(Runtime& runtime, std::string& out, const Value& value,
                      std::string_view spec);

}  // namespace parley::text::jinja
