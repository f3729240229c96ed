// The methods of Python's str.
#include <algorithm>

#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace of_strings {  // names of Python's, which others have too

template <std::string (*Convert)(std::string_view)>
Value convert(Runtime& rt, const Value& self, const Bound&) {
  return rt.text(Convert(self.text()), author_of(self), self.is_markup());
}

template <bool (*Test)(std::string_view)>
Value has(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(Test(self.text()));
}

template <CharacterClass Class>
Value all_of(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(all_of_class(self.text(), Class));
}

std::string case_fold(std::string_view text) {
  icu::UnicodeString wide = icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
  std::string out;
  wide.foldCase().toUTF8String(out);
  return out;
}

bool printable(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    if (!is_printable(c.value)) return false;
    at += c.length;
  }
  return true;
}

bool identifier(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    const auto code = static_cast<UChar32>(c.value);
    const UProperty part = at == 0 ? UCHAR_XID_START : UCHAR_XID_CONTINUE;
    if (c.value != '_' && u_hasBinaryProperty(code, part) == 0) return false;
    at += c.length;
  }
  return !text.empty();
}

bool absent(const Value& argument) {
  return argument.is_missing() || argument.is_none();
}

template <Side Where>
Value strip_method(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view text =
      absent(a[0]) ? strip(self.text(), Where)
                   : strip(self.text(), expect_string(rt, a[0], "the characters of strip"), Where);
  return part_of(rt, self, text);
}

Value text_list(Runtime& rt, const Value& self, const std::vector<std::string_view>& parts) {
  rt.charge(parts.size());
  std::vector<Value> out;
  out.reserve(parts.size());
  for (const std::string_view part : parts) out.push_back(part_of(rt, self, part));
  return rt.list(out);
}

template <bool FromRight>
Value split_method(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t limit =
      a[1].is_missing() ? -1 : expect_integer(rt, a[1], "the maxsplit of split");
  if (absent(a[0])) {
    return text_list(rt, self, split_space(self.text(), limit, FromRight));
  }
  const std::string_view separator = expect_string(rt, a[0], "the separator of split");
  if (separator.empty()) rt.refuse("split needs a separator that is not empty");
  return text_list(rt, self, split(self.text(), separator, limit, FromRight));
}

Value split_lines_method(Runtime& rt, const Value& self, const Bound& a) {
  return text_list(rt, self, split_lines(self.text(), truthy(a[0])));
}

template <bool FromRight>
Value partition(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view separator = expect_string(rt, a[0], "the separator of partition");
  if (separator.empty()) rt.refuse("partition needs a separator that is not empty");
  const std::string_view text = self.text();
  const std::size_t at = FromRight ? find_last_part(text, separator) : find_part(text, separator);
  if (at == std::string_view::npos) {
    const Value none = Value::string("", Author::kTemplate);
    return FromRight ? rt.tuple({none, none, self}) : rt.tuple({self, none, none});
  }
  return rt.tuple({part_of(rt, self, text.substr(0, at), false),
                   part_of(rt, self, text.substr(at, separator.size()), false),
                   part_of(rt, self, text.substr(at + separator.size()), false)});
}

// The part of the text that `start` and `end` of find, count, startswith … pick, in bytes.
struct Window {
  std::size_t begin = 0;
  std::string_view text;
  bool valid = true;  // false where start lies past the end: nothing is found then, not even ""
};

Window window(Runtime& rt, std::string_view text, const Value& start, const Value& end) {
  if (absent(start) && absent(end)) return {0, text, true};
  const auto size = static_cast<std::int64_t>(count_code_points(text));
  const auto resolve = [&](const Value& bound, std::int64_t otherwise) {
    if (absent(bound)) return otherwise;
    std::int64_t at = expect_integer(rt, bound, "a position in text");
    if (at < 0) at = at < -size ? 0 : at + size;
    return at;
  };
  const std::int64_t from = resolve(start, 0);
  const std::int64_t to = std::min(resolve(end, size), size);
  if (from > size || from > to) return {0, {}, false};
  const std::size_t begin = code_point_offset(text, from);
  return {begin, text.substr(begin, code_point_offset(text.substr(begin), to - from)), true};
}

template <bool Start>
Value has_edge(Runtime& rt, const Value& self, const Bound& a) {
  const Window part = window(rt, self.text(), a[1], a[2]);
  const auto fits = [&](const Value& edge) {
    const std::string_view text = expect_string(rt, edge, "what startswith and endswith look for");
    return part.valid && (Start ? part.text.starts_with(text) : part.text.ends_with(text));
  };
  if (!a[0].is(Type::kTuple)) return Value::boolean(fits(a[0]));
  return Value::boolean(std::any_of(a[0].items().begin(), a[0].items().end(), fits));
}

// The position of the first or last `a[0]`, in code points; -1 where there is none.
template <bool FromRight>
std::int64_t position(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view wanted = expect_string(rt, a[0], "the text that is looked for");
  const Window part = window(rt, self.text(), a[1], a[2]);
  if (!part.valid) return -1;
  const std::size_t at =
      FromRight ? find_last_part(part.text, wanted) : find_part(part.text, wanted);
  if (at == std::string_view::npos) return -1;
  return static_cast<std::int64_t>(count_code_points(self.text().substr(0, part.begin + at)));
}

template <bool FromRight>
Value find(Runtime& rt, const Value& self, const Bound& a) {
  return Value::integer(position<FromRight>(rt, self, a));
}

template <bool FromRight>
Value index(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t at = position<FromRight>(rt, self, a);
  if (at < 0) rt.refuse("index found no '" + std::string(utf8_prefix(a[0].text(), 80)) + "'");
  return Value::integer(at);
}

Value count(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view wanted = expect_string(rt, a[0], "the text that is counted");
  const Window part = window(rt, self.text(), a[1], a[2]);
  return Value::integer(part.valid ? static_cast<std::int64_t>(count_parts(part.text, wanted)) : 0);
}

Value replace_method(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t limit =
      a[2].is_missing() ? -1 : expect_integer(rt, a[2], "the count of replace");
  const std::string_view old = expect_string(rt, a[0], "what replace looks for");
  expect_string(rt, a[1], "what replace puts in");
  return replace(rt, self, old, a[1], limit, self.is_markup());
}

Value join(Runtime& rt, const Value& self, const Bound& a) {
  AuthoredText out;
  bool first = true;
  for (const Value& item : iterate(rt, a[0])) {
    if (!first) out.append(rt, self);
    first = false;
    expect_string(rt, item, "an item that str.join joins");
    out.append(rt, item);
  }
  return out.value(rt, self.is_markup());
}

template <bool Prefix>
Value remove_edge(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view text = self.text();
  const std::string_view edge = expect_string(rt, a[0], "what is removed");
  const bool there = Prefix ? text.starts_with(edge) : text.ends_with(edge);
  if (!there) return self;
  return part_of(rt, self,
                 Prefix ? text.substr(edge.size()) : text.substr(0, text.size() - edge.size()));
}

Value padded(Runtime& rt, const Value& self, const Bound& a, char align) {
  const std::int64_t width = expect_integer(rt, a[0], "the width");
  const Value filler = a[1].is_missing() ? Value::string(" ", Author::kTemplate) : a[1];
  const std::string_view fill = expect_string(rt, filler, "the fill");
  if (count_code_points(fill) != 1) rt.refuse("the fill is one character");
  const auto size = static_cast<std::int64_t>(count_code_points(self.text()));
  if (width <= size) return self;
  const auto missing = static_cast<std::size_t>(width - size);
  if (missing > rt.limits().max_memory_bytes / 4) rt.refuse_limit("the width is too large");
  rt.arena().expect_room(missing * fill.size());
  const std::size_t left = align == '<' ? 0
                           : align == '>'
                               ? missing
                               : missing / 2 + (missing & static_cast<std::size_t>(width) & 1);
  AuthoredText out;
  for (std::size_t i = 0; i < left; ++i) out.append(rt, filler);
  out.append(rt, self);
  for (std::size_t i = left; i < missing; ++i) out.append(rt, filler);
  return out.value(rt, self.is_markup());
}

template <char Align>
Value justify(Runtime& rt, const Value& self, const Bound& a) {
  return padded(rt, self, a, Align);
}

Value zero_fill(Runtime& rt, const Value& self, const Bound& a) {
  const bool sign = !self.text().empty() && (self.text()[0] == '-' || self.text()[0] == '+');
  const Value digits = part_of(rt, self, self.text().substr(sign ? 1 : 0), false);
  Bound wanted;
  wanted.values[0] =
      binary(rt, BinaryOp::kSubtract, Value::integer(expect_integer(rt, a[0], "the width")),
             Value::integer(sign ? 1 : 0));
  wanted.values[1] = Value::string("0", Author::kTemplate);
  const Value filled = padded(rt, digits, wanted, '>');
  if (!sign) return filled;
  AuthoredText out;
  out.append(rt, self, self.text().substr(0, 1));
  out.append(rt, filled);
  return out.value(rt);
}

Value expand_tabs(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t size = a[0].is_missing() ? 8 : expect_integer(rt, a[0], "the tab size");
  if (size > 1000) rt.refuse_limit("the tab size is too large");
  std::string out;
  std::int64_t column = 0;
  for (const std::string_view character : split_characters(self.text())) {
    if (character == "\t") {
      const std::int64_t spaces = size > 0 ? size - column % size : 0;
      append(rt, out, std::string(static_cast<std::size_t>(spaces), ' '));
      column += spaces;
    } else {
      append(rt, out, character);
      column = character == "\n" || character == "\r" ? 0 : column + 1;
    }
  }
  return rt.text(out, author_of(self));
}

Value format(Runtime& rt, const Value& self, const Bound& a) {
  return brace_format(rt, self, {a.rest, a.named});
}

constexpr FunctionSpec kMethods[] = {
    {"capitalize", convert<capitalize>},
    {"casefold", convert<case_fold>},
    {"center", justify<'^'>, {"width", "fillchar"}, 1},
    {"count", count, {"sub", "start", "end"}, 1},
    {"endswith", has_edge<false>, {"suffix", "start", "end"}, 1},
    {"expandtabs", expand_tabs, {"tabsize"}},
    {"find", find<false>, {"sub", "start", "end"}, 1},
    {"format", format, {}, 0, true, true},
    {"index", index<false>, {"sub", "start", "end"}, 1},
    {"isalnum", all_of<CharacterClass::kAlnum>},
    {"isalpha", all_of<CharacterClass::kAlpha>},
    {"isascii", all_of<CharacterClass::kAscii>},
    {"isdecimal", all_of<CharacterClass::kDecimal>},
    {"isdigit", all_of<CharacterClass::kDigit>},
    {"isidentifier", has<identifier>},
    {"islower", has<is_lower>},
    {"isnumeric", all_of<CharacterClass::kNumeric>},
    {"isprintable", has<printable>},
    {"isspace", all_of<CharacterClass::kSpace>},
    {"istitle", has<is_title>},
    {"isupper", has<is_upper>},
    {"join", join, {"iterable"}, 1},
    {"ljust", justify<'<'>, {"width", "fillchar"}, 1},
    {"lower", convert<lower>},
    {"lstrip", strip_method<Side::kLeft>, {"chars"}},
    {"partition", partition<false>, {"sep"}, 1},
    {"removeprefix", remove_edge<true>, {"prefix"}, 1},
    {"removesuffix", remove_edge<false>, {"suffix"}, 1},
    {"replace", replace_method, {"old", "new", "count"}, 2},
    {"rfind", find<true>, {"sub", "start", "end"}, 1},
    {"rindex", index<true>, {"sub", "start", "end"}, 1},
    {"rjust", justify<'>'>, {"width", "fillchar"}, 1},
    {"rpartition", partition<true>, {"sep"}, 1},
    {"rsplit", split_method<true>, {"sep", "maxsplit"}},
    {"rstrip", strip_method<Side::kRight>, {"chars"}},
    {"split", split_method<false>, {"sep", "maxsplit"}},
    {"splitlines", split_lines_method, {"keepends"}},
    {"startswith", has_edge<true>, {"prefix", "start", "end"}, 1},
    {"strip", strip_method<Side::kBoth>, {"chars"}},
    {"swapcase", convert<swap_case>},
    {"title", convert<title>},
    {"upper", convert<upper>},
    {"zfill", zero_fill, {"width"}, 1},
};

}  // namespace of_strings

std::span<const FunctionSpec> string_methods() {
  return of_strings::kMethods;
}

}  // namespace parley::text::jinja
