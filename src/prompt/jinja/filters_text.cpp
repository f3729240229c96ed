// Filters that give text.
#include <algorithm>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

bool markup_of(const Value& value) {
  return value.is_string() && value.is_markup();
}

// A filter that turns the text of its subject into another, keeping whether it is markup.
template <std::string (*Convert)(std::string_view)>
Value convert(Runtime& rt, const Value& self, const Bound&) {
  return rt.text(Convert(to_str(rt, self)), author_of(self), markup_of(self));
}

// str(value), with its authors.
Value as_text(Runtime& rt, const Value& value) {
  return value.is_string() ? value : Value::string(to_str(rt, value), author_of(value));
}

Value trim(Runtime& rt, const Value& self, const Bound& a) {
  const Value text = as_text(rt, self);
  if (a[0].is_missing() || a[0].is_none())
    return part_of(rt, text, strip(text.text(), Side::kBoth));
  const std::string_view characters = expect_string(rt, a[0], "the characters of trim");
  return part_of(rt, text, strip(text.text(), characters, Side::kBoth));
}

Value escape(Runtime& rt, const Value& self, const Bound&) {
  if (markup_of(self)) return self;
  return rt.text(escape_html(to_str(rt, self)), author_of(self), true);
}

Value force_escape(Runtime& rt, const Value& self, const Bound&) {
  return rt.text(escape_html(to_str(rt, self)), author_of(self), true);
}

Value safe(Runtime& rt, const Value& self, const Bound&) {
  const Value text = as_text(rt, self);
  return part_of(rt, text, text.text(), true);
}

Value string(Runtime& rt, const Value& self, const Bound&) {
  return as_text(rt, self);
}

Value replace_filter(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t limit =
      a[2].is_missing() || a[2].is_none() ? -1 : expect_integer(rt, a[2], "the count of replace");
  return replace(rt, as_text(rt, self), to_str(rt, a[0]), as_text(rt, a[1]), limit, false);
}

Value indent(Runtime& rt, const Value& self, const Bound& a) {
  std::string margin = "    ";
  const Author margin_author = a[0].is_string() ? author_of(a[0]) : Author::kTemplate;
  if (a[0].is_string()) {
    margin = a[0].text();
  } else if (!a[0].is_missing()) {
    const std::int64_t width = expect_integer(rt, a[0], "the width of indent");
    if (width > 100'000) rt.refuse_limit("indent is too wide");
    margin.assign(static_cast<std::size_t>(std::max<std::int64_t>(0, width)), ' ');
  }
  const bool first = truthy(a[1]), blank = truthy(a[2]);
  const std::string_view given = expect_string(rt, self, "what indent indents");
  const std::string text = std::string(given) + "\n";  // a last line may be empty
  AuthoredText out;
  if (first) out.append(rt, margin, margin_author);
  bool start = true;
  for (const std::string_view line : split_lines(text, false)) {
    rt.charge(1);
    if (!start) {
      out.append(rt, "\n", Author::kTemplate);
      if (blank || !line.empty()) out.append(rt, margin, margin_author);
    }
    start = false;
    const auto at = static_cast<std::size_t>(line.data() - text.data());
    if (!line.empty()) out.append(rt, self, given.substr(at, line.size()));
  }
  return out.value(rt, markup_of(self));
}

Value truncate(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t length =
      a[0].is_missing() ? 255 : expect_integer(rt, a[0], "the length of truncate");
  const Value last = a[2].is_missing() ? Value::string("...", Author::kTemplate) : a[2];
  const std::string_view end = expect_string(rt, last, "the end of truncate");
  const std::int64_t leeway =
      a[3].is_missing() || a[3].is_none() ? 5 : expect_integer(rt, a[3], "the leeway of truncate");
  const auto end_size = static_cast<std::int64_t>(count_code_points(end));
  if (length < end_size) rt.refuse("truncate needs a length of at least that of its end");
  if (leeway < 0) rt.refuse("the leeway of truncate cannot be negative");
  const std::int64_t size = jinja::length(rt, self);
  if (size <= length || size - length <= leeway) return self;
  const std::string_view text = expect_string(rt, self, "what truncate shortens");
  std::string_view kept = text.substr(0, code_point_offset(text, length - end_size));
  if (!truthy(a[1])) {
    if (const std::size_t space = kept.rfind(' '); space != std::string_view::npos) {
      kept = kept.substr(0, space);
    }
  }
  AuthoredText out;
  out.append(rt, self, kept);
  out.append(rt, last);
  return out.value(rt, markup_of(self));
}

Value center(Runtime& rt, const Value& self, const Bound& a) {
  const Value text = as_text(rt, self);
  const std::int64_t width =
      a[0].is_missing() ? 80 : expect_integer(rt, a[0], "the width of center");
  if (width > static_cast<std::int64_t>(rt.limits().max_memory_bytes)) {
    rt.refuse_limit("center is too wide");
  }
  const auto size = static_cast<std::int64_t>(count_code_points(text.text()));
  const auto missing = static_cast<std::size_t>(std::max<std::int64_t>(0, width - size));
  rt.arena().expect_room(missing);
  // Python's rule for the odd space: left where the width is odd.
  const std::size_t left = missing / 2 + (missing & static_cast<std::size_t>(width) & 1);
  AuthoredText out;
  out.append(rt, std::string(left, ' '), Author::kTemplate);
  out.append(rt, text);
  out.append(rt, std::string(missing - left, ' '), Author::kTemplate);
  return out.value(rt, markup_of(self));
}

Value format(Runtime& rt, const Value& self, const Bound& a) {
  if (!a.rest.empty() && !a.named.empty()) {
    rt.refuse("format takes values either by position or by name");
  }
  Value arguments = Value::tuple(a.rest);
  if (!a.named.empty()) {
    std::vector<DictEntry> entries;
    for (const Named& named : a.named)
      entries.push_back({Value::string(named.name, Author::kOther), named.value});
    arguments = rt.dict(entries);
  }
  return percent_format(rt, as_text(rt, self), arguments);
}

Value word_count(Runtime& rt, const Value& self, const Bound&) {
  std::int64_t words = 0;
  bool inside = false;
  for (const std::string_view character : split_characters(to_str(rt, self))) {
    const bool part = character == "_" || all_of_class(character, CharacterClass::kAlnum);
    words += part && !inside;
    inside = part;
  }
  return Value::integer(words);
}

Value to_json(Runtime& rt, const Value& self, const Bound& a) {
  JsonStyle style;
  style.ensure_ascii = truthy(a[0]);
  if (a[1].is_string()) {
    style.pretty = true;
    style.indent = a[1].text();
  } else if (!a[1].is_missing() && !a[1].is_none()) {
    const std::int64_t width = expect_integer(rt, a[1], "the indent of tojson");
    if (width > 1000) rt.refuse_limit("the indent of tojson is too wide");
    style.pretty = true;
    style.indent.assign(static_cast<std::size_t>(std::max<std::int64_t>(0, width)), ' ');
  }
  if (style.pretty) style.item_separator = ",";
  if (!a[2].is_missing() && !a[2].is_none()) {
    const std::span<const Value> separators = iterate(rt, a[2]);
    if (separators.size() != 2) rt.refuse("the separators of tojson are two texts");
    style.item_separator = expect_string(rt, separators[0], "a separator of tojson");
    style.key_separator = expect_string(rt, separators[1], "a separator of tojson");
  }
  style.sort_keys = truthy(a[3]);
  std::string out;
  append_json(rt, out, self, style);
  return rt.text(out, author_of(self));
}

constexpr FunctionSpec kTextFilters[] = {
    {"upper", convert<upper>},
    {"lower", convert<lower>},
    {"capitalize", convert<capitalize>},
    {"title", convert<title_words>},
    {"trim", trim, {"chars"}},
    {"escape", escape},
    {"e", escape},
    {"forceescape", force_escape},
    {"safe", safe},
    {"string", string},
    {"replace", replace_filter, {"old", "new", "count"}, 2},
    {"indent", indent, {"width", "first", "blank"}},
    {"truncate", truncate, {"length", "killwords", "end", "leeway"}},
    {"center", center, {"width"}},
    {"format", format, {}, 0, true, true},
    {"wordcount", word_count},
    {"tojson", to_json, {"ensure_ascii", "indent", "separators", "sort_keys"}},
};

}  // namespace

std::span<const FunctionSpec> text_filters() {
  return kTextFilters;
}

}  // namespace parley::text::jinja
