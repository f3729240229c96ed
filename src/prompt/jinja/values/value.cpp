#include "prompt/jinja/values/value.hpp"

#include <algorithm>

namespace parley::text::jinja {

bool Value::same(const Value& other) const {
  if (type_ != other.type_) return false;
  switch (type_) {
    case Type::kMissing:
    case Type::kNone:
      return true;
    case Type::kBool:
    case Type::kInt:
      return int_ == other.int_;
    case Type::kFloat:
      return real_ == other.real_;
    case Type::kString:
      return text() == other.text();
    case Type::kList:
    case Type::kTuple:
      return items_ == other.items_ && size_ == other.size_;
    default:
      return object_ == other.object_;
  }
}

const Value* Dict::find(std::string_view key) const {
  if (by_text != nullptr) {
    const std::uint32_t* end = by_text + entries.size();
    const std::uint32_t* at = std::lower_bound(
        by_text, end, key,
        [&](std::uint32_t i, std::string_view wanted) { return entries[i].key.text() < wanted; });
    return at != end && entries[*at].key.text() == key ? &entries[*at].value : nullptr;
  }
  for (const DictEntry& entry : entries) {
    if (entry.key.is_string() && entry.key.text() == key) return &entry.value;
  }
  return nullptr;
}

std::string_view type_name(const Value& value) {
  switch (value.type()) {
    case Type::kMissing:
      return "missing";
    case Type::kUndefined:
      return "Undefined";
    case Type::kNone:
      return "NoneType";
    case Type::kBool:
      return "bool";
    case Type::kInt:
      return "int";
    case Type::kFloat:
      return "float";
    case Type::kString:
      return value.is_markup() ? "Markup" : "str";
    case Type::kList:
      return "list";
    case Type::kTuple:
      return "tuple";
    case Type::kDict:
      return "dict";
    case Type::kDictView:
      return "dict view";
    case Type::kRange:
      return "range";
    case Type::kIterator:
      return "generator";
    case Type::kNamespace:
      return "Namespace";
    case Type::kFunction:
      return "function";
    case Type::kMethod:
      return "method";
    case Type::kMacro:
      return "Macro";
    case Type::kLoop:
      return "LoopContext";
    case Type::kCycler:
      return "Cycler";
    case Type::kJoiner:
      return "Joiner";
  }
  return "object";
}

}  // namespace parley::text::jinja
