// map, select and reject: filters that apply another filter or a test to every item; and default,
// attr.
#include <algorithm>

#include "prompt/jinja/attribute_path.hpp"
#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"

namespace parley::text::jinja {
namespace {

std::string quoted(std::string_view name) {
  return "'" + std::string(name) + "'";
}

Value map_attribute(Runtime& rt, std::span<const Value> items, const Bound& a) {
  Value attribute, otherwise = Value::none();
  for (const Named& named : a.named) {
    if (named.name == "attribute") {
      attribute = named.value;
    } else if (named.name == "default") {
      otherwise = named.value;
    } else {
      rt.refuse("map has no argument named " + quoted(named.name));
    }
  }
  const AttributePath path(rt, attribute, otherwise);
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Value& item : items) out.push_back(path.get(rt, item));
  return rt.iterator(out);
}

// Jinja takes anything false, none and 0 among it, for no items.
std::span<const Value> items_of(Runtime& rt, const Value& self) {
  if (truthy(self)) return iterate(rt, self);
  return {};
}

Value map(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = items_of(rt, self);
  const bool by_attribute =
      a.rest.empty() && std::any_of(a.named.begin(), a.named.end(),
                                    [](const Named& named) { return named.name == "attribute"; });
  if (by_attribute) return map_attribute(rt, items, a);
  if (a.rest.empty()) rt.refuse("map needs a filter or attribute=");
  const std::string_view name = expect_string(rt, a.rest[0], "the filter that map applies");
  const FunctionSpec* filter = find_filter(name);
  if (filter == nullptr) rt.refuse("there is no filter " + quoted(name));
  const Runtime::Nesting nesting(rt);
  std::vector<Value> out;
  out.reserve(items.size());
  for (const Value& item : items) {
    out.push_back(invoke(rt, *filter, item, {a.rest.subspan(1), a.named}));
  }
  return rt.iterator(out);
}

// The items for which the test (by default: truth) is `Wanted`; of an attribute where `Attribute`.
template <bool Wanted, bool Attribute>
Value select(Runtime& rt, const Value& self, const Bound& a) {
  std::span<const Value> rest = a.rest;
  Value attribute;
  if (Attribute) {
    if (rest.empty()) rt.refuse("selectattr and rejectattr need the name of an attribute");
    attribute = rest[0];
    rest = rest.subspan(1);
  }
  const FunctionSpec* test = nullptr;
  if (!rest.empty()) {
    const std::string_view name = expect_string(rt, rest[0], "the test that is applied");
    test = find_test(name);
    if (test == nullptr) rt.refuse("there is no test " + quoted(name));
    rest = rest.subspan(1);
  }
  const AttributePath path(rt, attribute);
  const Runtime::Nesting nesting(rt);
  std::vector<Value> out;
  for (const Value& item : items_of(rt, self)) {
    const Value subject = path.get(rt, item);
    const Value verdict = test == nullptr ? subject : invoke(rt, *test, subject, {rest, a.named});
    if (truthy(verdict) == Wanted) out.push_back(item);
  }
  return rt.iterator(out);
}

Value default_filter(Runtime&, const Value& self, const Bound& a) {
  const bool replaced = self.is_undefined() || (truthy(a[1]) && !truthy(self));
  if (!replaced) return self;
  return a[0].is_missing() ? Value::string("", Author::kTemplate) : a[0];
}

Value attr(Runtime& rt, const Value& self, const Bound& a) {
  const std::string_view name = to_str(rt, a[0]);
  expect_defined(rt, self);
  if (self.is(Type::kNamespace)) return get_attribute(rt, self, name);
  const Value found = builtin_attribute(rt, self, name);
  if (!found.is_missing()) return found;
  return rt.undefined(UndefinedInfo::Kind::kAttribute, name, self);
}

constexpr FunctionSpec kSelectionFilters[] = {
    {"map", map, {}, 0, true, true},
    {"select", select<true, false>, {}, 0, true, true},
    {"reject", select<false, false>, {}, 0, true, true},
    {"selectattr", select<true, true>, {}, 0, true, true},
    {"rejectattr", select<false, true>, {}, 0, true, true},
    {"default", default_filter, {"default_value", "boolean"}},
    {"d", default_filter, {"default_value", "boolean"}},
    {"attr", attr, {"name"}, 1},
};

}  // namespace

std::span<const FunctionSpec> selection_filters() {
  return kSelectionFilters;
}

}  // namespace parley::text::jinja
