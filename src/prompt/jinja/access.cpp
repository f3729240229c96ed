// Attributes, items, slices, iteration, length.
#include <algorithm>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/namespace.hpp"
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

Value item_pair(Runtime& rt, const DictEntry& entry) {
  const Value pair[] = {entry.key, entry.value};
  return Value::tuple(rt.arena().copy(std::span<const Value>(pair)));
}

// Python's index: from the end where negative; nothing where out of range.
bool resolve_index(std::int64_t size, std::int64_t& index) {
  if (index < 0) index += size;
  return index >= 0 && index < size;
}

Value no_item(Runtime& rt, const Value& subject, const Value& index) {
  const std::string_view name = index.is_string() ? index.text() : to_repr(rt, index);
  return rt.undefined(UndefinedInfo::Kind::kAttribute, name, subject);
}

const Value* find_item(Runtime& rt, const Dict& dict, const Value& key) {
  if (key.is_string()) {
    if (dict.by_text == nullptr) rt.charge(dict.entries.size() / 8);
    return dict.find(key.text());
  }
  if (key.is(Type::kList) || key.is(Type::kDict)) return nullptr;
  rt.charge(dict.entries.size() / 8);
  for (const DictEntry& entry : dict.entries) {
    if (equal(rt, entry.key, key)) return &entry.value;
  }
  return nullptr;
}

// The start, step and number of items that a slice picks from `size` (Python's slice.indices()).
struct SliceRange {
  std::int64_t start, step, count;
};

SliceRange slice_range(Runtime& rt, std::int64_t size, const Value& start, const Value& stop,
                       const Value& step) {
  const auto bound = [&](const Value& value, std::int64_t otherwise, std::int64_t low,
                         std::int64_t high) {
    if (value.is_missing() || value.is_none()) return otherwise;
    std::int64_t at = expect_integer(rt, value, "a bound of a slice");
    if (at < 0) at = at < -size ? low : at + size;
    return std::clamp(at, low, high);
  };
  std::int64_t by = 1;
  if (!step.is_missing() && !step.is_none()) by = expect_integer(rt, step, "the step of a slice");
  if (by == 0) rt.refuse("the step of a slice cannot be zero");
  by = std::clamp<std::int64_t>(by, -(size + 1), size + 1);  // a larger step picks no more
  SliceRange out{0, by, 0};
  if (by > 0) {
    out.start = bound(start, 0, 0, size);
    const std::int64_t end = bound(stop, size, 0, size);
    if (end > out.start) out.count = (end - out.start - 1) / by + 1;
  } else {
    out.start = bound(start, size - 1, -1, size - 1);
    const std::int64_t end = bound(stop, -1, -1, size - 1);
    if (out.start > end) out.count = (out.start - end - 1) / -by + 1;
  }
  return out;
}

Value slice_text(Runtime& rt, const Value& subject, const Value& start, const Value& stop,
                 const Value& step) {
  const std::string_view text = subject.text();
  rt.charge_bytes(text.size());
  const bool ascii = is_ascii(text);
  const auto size = static_cast<std::int64_t>(ascii ? text.size() : count_code_points(text));
  const SliceRange range = slice_range(rt, size, start, stop, step);
  if (range.count == 0) return Value::string({}, Author::kTemplate, subject.is_markup());
  if (range.step == 1) {  // a part of the text itself
    const std::size_t from = code_point_offset(text, range.start);
    const std::size_t bytes = code_point_offset(text.substr(from), range.count);
    return part_of(rt, subject, text.substr(from, bytes));
  }
  std::string out;
  if (ascii) {
    for (std::int64_t i = 0; i < range.count; ++i) {
      out += text[static_cast<std::size_t>(range.start + i * range.step)];
    }
  } else {
    const std::vector<std::string_view> characters = split_characters(text);
    for (std::int64_t i = 0; i < range.count; ++i) {
      out += characters[static_cast<std::size_t>(range.start + i * range.step)];
    }
  }
  return rt.text(out, author_of(subject), subject.is_markup());
}

Value index_sequence(Runtime& rt, const Value& subject, const Value& index) {
  std::int64_t at = index.as_integer();
  if (subject.is_string()) {
    const std::string_view text = subject.text();
    rt.charge_bytes(text.size());
    if (!resolve_index(static_cast<std::int64_t>(count_code_points(text)), at)) {
      return no_item(rt, subject, index);
    }
    const std::size_t from = code_point_offset(text, at);
    return part_of(rt, subject, text.substr(from, decode_code_point(text, from).length));
  }
  if (subject.is(Type::kRange)) {
    const Range& range = *subject.as<const Range>();
    if (!resolve_index(range.size, at)) return no_item(rt, subject, index);
    return Value::integer(range.start + at * range.step);
  }
  if (!resolve_index(static_cast<std::int64_t>(subject.items().size()), at)) {
    return no_item(rt, subject, index);
  }
  return subject.items()[static_cast<std::size_t>(at)];
}

}  // namespace

Value get_attribute(Runtime& rt, const Value& subject, std::string_view name) {
  expect_defined(rt, subject);
  if (subject.is(Type::kNamespace)) {
    if (const Value* found = subject.as<Namespace>()->find(rt, name)) return *found;
    return rt.undefined(UndefinedInfo::Kind::kAttribute, name, subject);
  }
  if (const Value found = builtin_attribute(rt, subject, name); !found.is_missing()) return found;
  if (subject.is(Type::kDict)) {
    if (const Value* found = find_item(rt, subject.as_dict(), Value::string(name, Author::kOther)))
      return *found;
  }
  return rt.undefined(UndefinedInfo::Kind::kAttribute, name, subject);
}

Value get_item(Runtime& rt, const Value& subject, const Value& index) {
  expect_defined(rt, subject);
  if (subject.is(Type::kDict)) {
    if (const Value* found = find_item(rt, subject.as_dict(), index)) return *found;
  } else if (index.is_integer() &&
             (subject.is_string() || subject.is_sequence() || subject.is(Type::kRange))) {
    return index_sequence(rt, subject, index);
  } else if (subject.is(Type::kNamespace) && index.is_string()) {
    if (const Value* found = subject.as<Namespace>()->find(rt, index.text())) return *found;
  }
  if (index.is_string()) {
    if (const Value found = builtin_attribute(rt, subject, index.text()); !found.is_missing()) {
      return found;
    }
  }
  return no_item(rt, subject, index);
}

Value get_slice(Runtime& rt, const Value& subject, const Value& start, const Value& stop,
                const Value& step) {
  expect_defined(rt, subject);
  if (subject.is_string()) return slice_text(rt, subject, start, stop, step);
  if (subject.is(Type::kRange)) {
    const Range& range = *subject.as<const Range>();
    const SliceRange part = slice_range(rt, range.size, start, stop, step);
    const Range out{range.start + part.start * range.step,
                    range.start + (part.start + part.count * part.step) * range.step,
                    range.step * part.step, part.count};
    return Value::range(rt.arena().make(out));
  }
  if (!subject.is_sequence()) {
    rt.refuse("'" + std::string(type_name(subject)) + "' cannot be sliced");
  }
  const std::span<const Value> items = subject.items();
  const SliceRange part =
      slice_range(rt, static_cast<std::int64_t>(items.size()), start, stop, step);
  std::span<const Value> picked;
  if (part.step == 1) {
    picked = items.subspan(static_cast<std::size_t>(part.count == 0 ? 0 : part.start),
                           static_cast<std::size_t>(part.count));
  } else {
    rt.charge(static_cast<std::uint64_t>(part.count));
    std::vector<Value> out;
    out.reserve(static_cast<std::size_t>(part.count));
    for (std::int64_t i = 0; i < part.count; ++i) {
      out.push_back(items[static_cast<std::size_t>(part.start + i * part.step)]);
    }
    picked = rt.arena().copy(out);
  }
  return subject.is(Type::kList) ? Value::list(picked) : Value::tuple(picked);
}

bool iterable(const Value& value) {
  switch (value.type()) {
    case Type::kUndefined:
    case Type::kString:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
    case Type::kDictView:
    case Type::kRange:
    case Type::kIterator:
    case Type::kLoop:
      return true;
    default:
      return false;
  }
}

std::span<const Value> iterate(Runtime& rt, const Value& value) {
  std::vector<Value> items;
  switch (value.type()) {
    case Type::kUndefined:
      if (value.as<const UndefinedInfo>()->kind == UndefinedInfo::Kind::kUnsafe) {
        expect_defined(rt, value);
      }
      return {};
    case Type::kList:
    case Type::kTuple:
      rt.charge(value.items().size());
      return value.items();
    case Type::kString:
      rt.charge(value.text().size());
      rt.arena().expect_room(value.text().size() * sizeof(Value));
      for (const std::string_view character : split_characters(value.text())) {
        // Plain text even of markup, as in Python.
        items.push_back(part_of(rt, value, character, false));
      }
      break;
    case Type::kDict:
    case Type::kDictView: {
      const bool view = value.is(Type::kDictView);
      const auto kind = view ? value.as<const DictView>()->kind : DictView::Kind::kKeys;
      const Dict& dict = view ? *value.as<const DictView>()->dict : value.as_dict();
      rt.charge(dict.entries.size());
      for (const DictEntry& entry : dict.entries) {
        items.push_back(kind == DictView::Kind::kKeys     ? entry.key
                        : kind == DictView::Kind::kValues ? entry.value
                                                          : item_pair(rt, entry));
      }
      break;
    }
    case Type::kRange: {
      const Range& range = *value.as<const Range>();
      rt.charge(static_cast<std::uint64_t>(range.size));
      for (std::int64_t i = 0; i < range.size; ++i) {
        items.push_back(Value::integer(range.start + i * range.step));
      }
      break;
    }
    case Type::kIterator: {
      Iterator& iterator = *value.as<Iterator>();
      if (!iterator.refusal.empty()) rt.refuse(iterator.refusal);
      const std::span<const Value> rest = iterator.items.subspan(iterator.next);
      iterator.next = iterator.items.size();
      rt.charge(rest.size());
      return rest;
    }
    default:
      rt.refuse("'" + std::string(type_name(value)) + "' cannot be iterated over");
  }
  return rt.arena().copy(items);
}

std::int64_t length(Runtime& rt, const Value& value) {
  switch (value.type()) {
    case Type::kUndefined:
      return 0;
    case Type::kString:
      rt.charge_bytes(value.text().size());
      return static_cast<std::int64_t>(count_code_points(value.text()));
    case Type::kList:
    case Type::kTuple:
      return static_cast<std::int64_t>(value.items().size());
    case Type::kDict:
      return static_cast<std::int64_t>(value.as_dict().entries.size());
    case Type::kDictView:
      return static_cast<std::int64_t>(value.as<const DictView>()->dict->entries.size());
    case Type::kRange:
      return value.as<const Range>()->size;
    case Type::kLoop:
      return builtin_attribute(rt, value, "length").as_integer();
    default:
      rt.refuse("'" + std::string(type_name(value)) + "' has no length");
  }
}

std::int64_t expect_integer(Runtime& rt, const Value& value, std::string_view what) {
  if (value.is_integer()) return value.as_integer();
  expect_defined(rt, value);
  rt.refuse(std::string(what) + " must be an int, not '" + std::string(type_name(value)) + "'");
}

std::string_view expect_string(Runtime& rt, const Value& value, std::string_view what) {
  if (value.is_string()) return value.text();
  expect_defined(rt, value);
  rt.refuse(std::string(what) + " must be text, not '" + std::string(type_name(value)) + "'");
}

void expect_defined(Runtime& rt, const Value& value) {
  if (value.is_undefined()) refuse_undefined(rt, *value.as<const UndefinedInfo>());
}

void refuse_undefined(Runtime& rt, const UndefinedInfo& info) {
  const std::string name(info.name);
  switch (info.kind) {
    case UndefinedInfo::Kind::kVariable:
      rt.refuse("'" + name + "' is undefined", "pass it to render(), or test `is defined` first");
    case UndefinedInfo::Kind::kAttribute:
      rt.refuse("a value of type '" + std::string(type_name(info.subject)) + "' has no '" + name +
                "'");
    case UndefinedInfo::Kind::kUnsafe:
      rt.refuse("'" + name + "' of '" + std::string(type_name(info.subject)) +
                    "' may not be used: values cannot be changed",
                "build a new list with + instead");
    case UndefinedInfo::Kind::kParameter:
      rt.refuse("the macro's argument '" + name + "' was not given");
    case UndefinedInfo::Kind::kEmpty:
      rt.refuse("the filter " + name + " found no item");
  }
  rt.refuse("an undefined value");
}

}  // namespace parley::text::jinja
