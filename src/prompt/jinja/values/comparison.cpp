// Truth, equality, order, membership.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "prompt/jinja/values/operators.hpp"

namespace parley::text::jinja {
namespace {

constexpr int kMaxCompareDepth = 100;  // of nested lists and dicts

// Exact between an int and a float: long double holds every 64-bit int.
int order_numbers(const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) {
    return a.as_integer() < b.as_integer() ? -1 : a.as_integer() > b.as_integer();
  }
  const auto wide = [](const Value& v) {
    return v.is_integer() ? static_cast<long double>(v.as_integer())
                          : static_cast<long double>(v.as_real());
  };
  const long double x = wide(a), y = wide(b);
  return x < y ? -1 : x > y;
}

bool either_nan(const Value& a, const Value& b) {
  return (a.is(Type::kFloat) && std::isnan(a.as_real())) ||
         (b.is(Type::kFloat) && std::isnan(b.as_real()));
}

bool equal_at(Runtime& rt, const Value& a, const Value& b, int depth);

bool equal_items(Runtime& rt, std::span<const Value> a, std::span<const Value> b, int depth) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!a[i].same(b[i]) && !equal_at(rt, a[i], b[i], depth)) return false;
  }
  return true;
}

const Value* find_key(Runtime& rt, const Dict& dict, const Value& key) {
  if (key.is_string()) {
    rt.charge(1 + (dict.by_text != nullptr ? 0 : dict.entries.size() / 8));
    return dict.find(key.text());
  }
  rt.charge(1 + dict.entries.size() / 8);
  for (const DictEntry& entry : dict.entries) {
    if (equal(rt, entry.key, key)) return &entry.value;
  }
  return nullptr;
}

bool equal_dicts(Runtime& rt, const Dict& a, const Dict& b, int depth) {
  if (a.entries.size() != b.entries.size()) return false;
  return std::all_of(a.entries.begin(), a.entries.end(), [&](const DictEntry& entry) {
    const Value* other = find_key(rt, b, entry.key);
    return other != nullptr &&
           (entry.value.same(*other) || equal_at(rt, entry.value, *other, depth));
  });
}

bool equal_at(Runtime& rt, const Value& a, const Value& b, int depth) {
  rt.charge(1);
  if (depth > kMaxCompareDepth) rt.refuse_limit("a comparison of values nested too deeply");
  if (a.is_number() && b.is_number()) return !either_nan(a, b) && order_numbers(a, b) == 0;
  if (a.type() != b.type()) return false;
  switch (a.type()) {
    case Type::kString:
      if (a.text().size() != b.text().size()) return false;
      rt.charge_bytes(a.text().size());
      return a.text() == b.text();
    case Type::kList:
    case Type::kTuple:
      return equal_items(rt, a.items(), b.items(), depth + 1);
    case Type::kDict:
      return equal_dicts(rt, a.as_dict(), b.as_dict(), depth + 1);
    case Type::kUndefined:
      return true;
    case Type::kRange: {
      const Range &x = *a.as<const Range>(), &y = *b.as<const Range>();
      if (x.size != y.size) return false;
      return x.size == 0 || (x.start == y.start && (x.size == 1 || x.step == y.step));
    }
    default:
      return a.same(b);
  }
}

// -1, 0 or 1; `op` is what the template wrote.
int order(Runtime& rt, std::string_view op, const Value& a, const Value& b, int depth) {
  rt.charge(1);
  if (depth > kMaxCompareDepth) rt.refuse_limit("a comparison of values nested too deeply");
  if (a.is_number() && b.is_number()) return order_numbers(a, b);
  if (a.is_string() && b.is_string()) {  // the order of UTF-8 bytes is that of code points
    rt.charge_bytes(std::min(a.text().size(), b.text().size()));
    const int sign = a.text().compare(b.text());
    return sign < 0 ? -1 : sign > 0;
  }
  if (a.is_sequence() && a.type() == b.type()) {
    const std::size_t common = std::min(a.items().size(), b.items().size());
    for (std::size_t i = 0; i < common; ++i) {
      if (!equal_at(rt, a.items()[i], b.items()[i], depth + 1)) {
        return order(rt, op, a.items()[i], b.items()[i], depth + 1);
      }
    }
    return a.items().size() < b.items().size() ? -1 : a.items().size() > b.items().size();
  }
  expect_defined(rt, a);
  expect_defined(rt, b);
  rt.refuse("'" + std::string(op) + "' cannot order '" + std::string(type_name(a)) + "' and '" +
            std::string(type_name(b)) + "'");
}

}  // namespace

bool truthy(const Value& value) {
  switch (value.type()) {
    case Type::kMissing:
    case Type::kUndefined:
    case Type::kNone:
      return false;
    case Type::kBool:
    case Type::kInt:
      return value.as_integer() != 0;
    case Type::kFloat:
      return value.as_real() != 0;
    case Type::kString:
      return !value.text().empty();
    case Type::kList:
    case Type::kTuple:
      return !value.items().empty();
    case Type::kDict:
      return !value.as_dict().entries.empty();
    case Type::kDictView:
      return !value.as<const DictView>()->dict->entries.empty();
    case Type::kRange:
      return value.as<const Range>()->size != 0;
    default:
      return true;
  }
}

bool equal(Runtime& rt, const Value& a, const Value& b) {
  return equal_at(rt, a, b, 0);
}

bool less(Runtime& rt, const Value& a, const Value& b) {
  return order(rt, "<", a, b, 0) < 0;
}

bool compare(Runtime& rt, CompareOp op, const Value& a, const Value& b) {
  const bool comparable = !(a.is_number() && b.is_number() && either_nan(a, b));
  switch (op) {
    case CompareOp::kEqual:
      return equal(rt, a, b);
    case CompareOp::kNotEqual:
      return !equal(rt, a, b);
    case CompareOp::kLess:
      return comparable && order(rt, "<", a, b, 0) < 0;
    case CompareOp::kLessEqual:
      return comparable && order(rt, "<=", a, b, 0) <= 0;
    case CompareOp::kGreater:
      return comparable && order(rt, ">", a, b, 0) > 0;
    case CompareOp::kGreaterEqual:
      return comparable && order(rt, ">=", a, b, 0) >= 0;
    case CompareOp::kIn:
      return contains(rt, b, a);
    case CompareOp::kNotIn:
      return !contains(rt, b, a);
  }
  return false;
}

bool contains(Runtime& rt, const Value& container, const Value& item) {
  switch (container.type()) {
    case Type::kString: {
      const std::string_view text = container.text();
      const std::string_view part = expect_string(rt, item, "the left side of 'in' on text");
      rt.charge_bytes(text.size() + part.size());
      // memmem is linear; string_view::find may take the product of the sizes.
      if (part.empty() || text.empty()) return part.empty();
      return memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
    }
    case Type::kDict:
      expect_hashable(rt, item);
      return find_key(rt, container.as_dict(), item) != nullptr;
    case Type::kRange: {
      const Range& range = *container.as<const Range>();
      if (!item.is_number()) return false;
      const double real = item.as_real();
      if (item.is(Type::kFloat) && (real != std::floor(real) || std::abs(real) > 9e15))
        return false;
      const std::int64_t wanted =
          item.is_integer() ? item.as_integer() : static_cast<std::int64_t>(real);
      const __int128 offset = static_cast<__int128>(wanted) - range.start;
      return offset % range.step == 0 && offset / range.step >= 0 &&
             offset / range.step < range.size;
    }
    default: {
      const std::span<const Value> items = iterate(rt, container);
      return std::any_of(items.begin(), items.end(), [&](const Value& other) {
        return other.same(item) || equal(rt, other, item);
      });
    }
  }
}

void expect_hashable(Runtime& rt, const Value& value) {
  const bool unhashable = value.is(Type::kList) || value.is(Type::kDict);
  if (unhashable) rt.refuse("'" + std::string(type_name(value)) + "' cannot be a key of a dict");
  if (value.is(Type::kTuple)) {
    Runtime::Nesting nesting(rt);
    for (const Value& item : value.items()) expect_hashable(rt, item);
  }
}

}  // namespace parley::text::jinja
