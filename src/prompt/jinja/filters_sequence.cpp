// Filters over lists and other sequences.
#include <algorithm>
#include <set>

#include "prompt/jinja/attribute_path.hpp"
#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "prompt/jinja/values/stable_sort.hpp"

namespace parley::text::jinja {
namespace {

Value empty_item(Runtime& rt, std::string_view filter) {
  return rt.undefined(UndefinedInfo::Kind::kEmpty, filter);
}

Value first(Runtime& rt, const Value& self, const Bound&) {
  if (self.is(Type::kIterator)) {  // takes one item only
    Iterator& iterator = *self.as<Iterator>();
    if (!iterator.refusal.empty()) rt.refuse(iterator.refusal);
    if (iterator.next == iterator.items.size()) return empty_item(rt, "first");
    return iterator.items[iterator.next++];
  }
  const std::span<const Value> items = iterate(rt, self);
  return items.empty() ? empty_item(rt, "first") : items.front();
}

void expect_reversible(Runtime& rt, const Value& self) {
  if (self.is(Type::kIterator)) rt.refuse("a generator has no last item", "write `|list` before");
}

Value last(Runtime& rt, const Value& self, const Bound&) {
  expect_reversible(rt, self);
  const std::span<const Value> items = iterate(rt, self);
  return items.empty() ? empty_item(rt, "last") : items.back();
}

Value length_filter(Runtime& rt, const Value& self, const Bound&) {
  return Value::integer(length(rt, self));
}

Value list(Runtime& rt, const Value& self, const Bound&) {
  return Value::list(iterate(rt, self));
}

Value items_filter(Runtime& rt, const Value& self, const Bound&) {
  if (self.is_undefined()) return rt.iterator({});
  if (!self.is(Type::kDict)) {  // a generator: it fails when it is run
    const Value why = rt.text("items takes a dict, not '" + std::string(type_name(self)) + "'",
                              Author::kTemplate);
    return Value::iterator(rt.arena().make(Iterator{.refusal = why.text()}));
  }
  const DictView view{DictView::Kind::kItems, &self.as_dict()};
  const std::span<const Value> pairs = iterate(rt, Value::dict_view(&view));
  return Value::iterator(rt.arena().make(Iterator{pairs}));
}

Value join(Runtime& rt, const Value& self, const Bound& a) {
  const Value separator = a[0].is_missing() ? Value::string("", Author::kTemplate) : a[0];
  const bool by_attribute = !a[1].is_missing() && !a[1].is_none();
  const AttributePath path(rt, by_attribute ? a[1] : Value());
  AuthoredText out;
  bool start = true;
  for (const Value& item : iterate(rt, self)) {
    if (!start) out.append(rt, separator);
    start = false;
    out.append(rt, path.get(rt, item));
  }
  return out.value(rt);
}

Value reverse(Runtime& rt, const Value& self, const Bound&) {
  const bool text = self.is_string();
  std::span<const Value> items = iterate(rt, self);
  std::vector<Value> out(items.rbegin(), items.rend());
  if (self.is(Type::kIterator)) return rt.list(out);
  if (!text) return rt.iterator(out);
  std::string reversed;
  for (const Value& character : out) reversed += character.text();
  return rt.text(reversed, author_of(self));
}

// What sorting and comparing filters order items by.
std::vector<Value> sort_keys(Runtime& rt, std::span<const Value> items, const Value& attribute,
                             bool case_sensitive) {
  const AttributePath path(rt, attribute.is_none() ? Value() : attribute);
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (const Value& item : items) {
    const Value key = path.get(rt, item);
    keys.push_back(!case_sensitive && key.is_string() ? rt.text(lower(key.text()), author_of(key))
                                                      : key);
  }
  return keys;
}

// Stable. The items in the order of their keys; equal ones keep their order also when reversed.
std::vector<Value> sorted(Runtime& rt, std::span<const Value> items, const std::vector<Value>& keys,
                          bool reversed) {
  std::vector<std::size_t> order(items.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  stable_sort(order, [&](std::size_t x, std::size_t y) {
    return reversed ? less(rt, keys[y], keys[x]) : less(rt, keys[x], keys[y]);
  });
  std::vector<Value> out;
  out.reserve(order.size());
  for (const std::size_t i : order) out.push_back(items[i]);
  return out;
}

// Keys of sort, which may be by several attributes ("age,name"): a list each, so that equal keys
// need not have an order.
std::vector<Value> multiple_keys(Runtime& rt, std::span<const Value> items, const Value& attribute,
                                 bool case_sensitive) {
  std::vector<std::vector<Value>> columns;
  if (attribute.is_string()) {
    for (const std::string_view part : split(attribute.text(), ",", -1, false)) {
      columns.push_back(sort_keys(rt, items, Value::string(part, Author::kOther), case_sensitive));
    }
  } else {
    columns.push_back(sort_keys(rt, items, attribute, case_sensitive));
  }
  std::vector<Value> keys;
  keys.reserve(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) {
    std::vector<Value> row;
    for (const auto& column : columns) row.push_back(column[i]);
    keys.push_back(rt.list(row));
  }
  return keys;
}

Value sort(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = iterate(rt, self);
  return rt.list(sorted(rt, items, multiple_keys(rt, items, a[2], truthy(a[1])), truthy(a[0])));
}

Value dict_sort(Runtime& rt, const Value& self, const Bound& a) {
  if (!self.is(Type::kDict)) {
    expect_defined(rt, self);
    rt.refuse("dictsort takes a dict, not '" + std::string(type_name(self)) + "'");
  }
  const std::string_view by = a[1].is_missing() ? "key" : to_str(rt, a[1]);
  if (by != "key" && by != "value") rt.refuse("dictsort sorts by 'key' or by 'value'");
  const DictView view{DictView::Kind::kItems, &self.as_dict()};
  const std::span<const Value> pairs = iterate(rt, Value::dict_view(&view));
  const std::vector<Value> keys =
      sort_keys(rt, pairs, Value::integer(by == "key" ? 0 : 1), truthy(a[0]));
  return rt.list(sorted(rt, pairs, keys, truthy(a[2])));
}

template <bool Largest>
Value extreme(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = iterate(rt, self);
  if (items.empty()) return empty_item(rt, Largest ? "max" : "min");
  const std::vector<Value> keys = sort_keys(rt, items, a[1], truthy(a[0]));
  std::size_t best = 0;
  for (std::size_t i = 1; i < items.size(); ++i) {
    if (Largest ? less(rt, keys[best], keys[i]) : less(rt, keys[i], keys[best])) best = i;
  }
  return items[best];
}

// Any total order that agrees with == on hashable values, for sets of them.
int hash_order(Runtime& rt, const Value& a, const Value& b) {
  rt.charge(1);
  const auto rank = [](const Value& v) { return v.is_number() ? -1 : static_cast<int>(v.type()); };
  if (rank(a) != rank(b)) return rank(a) < rank(b) ? -1 : 1;
  if (a.is_number() || a.is_string()) return less(rt, a, b) ? -1 : less(rt, b, a);
  if (a.is(Type::kTuple)) {
    const Runtime::Nesting nesting(rt);
    const std::size_t common = std::min(a.items().size(), b.items().size());
    for (std::size_t i = 0; i < common; ++i) {
      if (const int sign = hash_order(rt, a.items()[i], b.items()[i]); sign != 0) return sign;
    }
    return a.items().size() < b.items().size() ? -1 : a.items().size() > b.items().size();
  }
  if (a.is_none() || a.is_undefined()) return 0;
  const auto x = reinterpret_cast<std::uintptr_t>(a.as<const void>());
  const auto y = reinterpret_cast<std::uintptr_t>(b.as<const void>());
  return x < y ? -1 : x > y;
}

Value unique(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = iterate(rt, self);
  const std::vector<Value> keys = sort_keys(rt, items, a[1], truthy(a[0]));
  const auto before = [&](const Value& x, const Value& y) { return hash_order(rt, x, y) < 0; };
  std::set<Value, decltype(before)> seen(before);
  std::vector<Value> out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    expect_hashable(rt, keys[i]);
    if (seen.insert(keys[i]).second) out.push_back(items[i]);
  }
  return rt.iterator(out);
}

Value group_by(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = iterate(rt, self);
  const AttributePath path(rt, a[0], a[1].is_missing() ? Value::none() : a[1]);
  const bool case_sensitive = truthy(a[2]);
  std::vector<Value> pairs;  // (key as ordered, item)
  std::vector<Value> keys;
  for (const Value& item : items) {
    const Value key = path.get(rt, item);
    keys.push_back(!case_sensitive && key.is_string() ? rt.text(lower(key.text()), author_of(key))
                                                      : key);
    pairs.push_back(rt.tuple({keys.back(), item}));
  }
  std::vector<Value> groups;
  std::vector<Value> members;
  const auto finish = [&](const Value& key) {
    // A key that ignores case is shown as the first member of its group has it.
    const Value shown = case_sensitive ? key : path.get(rt, members.front());
    const std::vector<Value> group = {shown, rt.list(members)};
    groups.push_back(Value::tuple(rt.arena().copy(group), true));
    members.clear();
  };
  Value current;
  for (const Value& pair : sorted(rt, pairs, keys, false)) {
    const Value key = pair.items()[0];
    if (!members.empty() && !equal(rt, key, current)) finish(current);
    current = key;
    members.push_back(pair.items()[1]);
  }
  if (!members.empty()) finish(current);
  return rt.list(groups);
}

Value batch(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t size = expect_integer(rt, a[0], "the size of batch");
  std::vector<Value> out, row;
  for (const Value& item : iterate(rt, self)) {
    if (static_cast<std::int64_t>(row.size()) == size) {
      out.push_back(rt.list(row));
      row.clear();
    }
    row.push_back(item);
  }
  if (!row.empty()) {
    if (!a[1].is_missing() && !a[1].is_none()) {
      rt.arena().expect_room(static_cast<std::size_t>(std::max<std::int64_t>(0, size)));
      while (static_cast<std::int64_t>(row.size()) < size) {
        rt.charge(1);
        row.push_back(a[1]);
      }
    }
    out.push_back(rt.list(row));
  }
  return rt.iterator(out);
}

Value slice(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t slices = expect_integer(rt, a[0], "the number of slices");
  const std::span<const Value> items = iterate(rt, self);
  if (slices == 0) rt.refuse("slice needs at least one slice");
  std::vector<Value> out;
  std::size_t from = 0;
  for (std::int64_t i = 0; i < slices; ++i) {
    rt.charge(1);
    const auto count = static_cast<std::int64_t>(items.size());
    const bool extra = i < count % slices;
    const auto size = static_cast<std::size_t>(count / slices + (extra ? 1 : 0));
    const std::span<const Value> part = items.subspan(from, size);
    std::vector<Value> row(part.begin(), part.end());
    from += size;
    if (!extra && !a[1].is_missing() && !a[1].is_none()) row.push_back(a[1]);
    out.push_back(rt.list(row));
  }
  return rt.iterator(out);
}

constexpr FunctionSpec kSequenceFilters[] = {
    {"first", first},
    {"last", last},
    {"length", length_filter},
    {"count", length_filter},
    {"list", list},
    {"items", items_filter},
    {"join", join, {"d", "attribute"}},
    {"reverse", reverse},
    {"sort", sort, {"reverse", "case_sensitive", "attribute"}},
    {"dictsort", dict_sort, {"case_sensitive", "by", "reverse"}},
    {"min", extreme<false>, {"case_sensitive", "attribute"}},
    {"max", extreme<true>, {"case_sensitive", "attribute"}},
    {"unique", unique, {"case_sensitive", "attribute"}},
    {"groupby", group_by, {"attribute", "default", "case_sensitive"}, 1},
    {"batch", batch, {"linecount", "fill_with"}, 1},
    {"slice", slice, {"slices", "fill_with"}, 1},
};

}  // namespace

std::span<const FunctionSpec> sequence_filters() {
  return kSequenceFilters;
}

}  // namespace parley::text::jinja
