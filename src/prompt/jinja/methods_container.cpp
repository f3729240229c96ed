// Methods of lists, tuples, ranges, dicts, loops and cyclers.
#include <algorithm>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/loop.hpp"
#include "prompt/jinja/values/operators.hpp"

namespace parley::text::jinja {
namespace of_containers {  // names of Python's, which others have too

Value count(Runtime& rt, const Value& self, const Bound& a) {
  std::int64_t found = 0;
  for (const Value& item : iterate(rt, self)) found += item.same(a[0]) || equal(rt, item, a[0]);
  return Value::integer(found);
}

Value index(Runtime& rt, const Value& self, const Bound& a) {
  const std::span<const Value> items = iterate(rt, self);
  const auto size = static_cast<std::int64_t>(items.size());
  const auto bound = [&](const Value& value, std::int64_t otherwise) {
    if (value.is_missing()) return otherwise;
    std::int64_t at = expect_integer(rt, value, "a position in a list");
    if (at < 0) at = at < -size ? 0 : at + size;
    return std::min(at, size);
  };
  const std::int64_t end = bound(a[2], size);
  for (std::int64_t i = bound(a[1], 0); i < end; ++i) {
    const Value& item = items[static_cast<std::size_t>(i)];
    if (item.same(a[0]) || equal(rt, item, a[0])) return Value::integer(i);
  }
  rt.refuse("index found no such item");
}

Value copy(Runtime&, const Value& self, const Bound&) {
  return self;  // neither the list nor its copy can change
}

Value get(Runtime& rt, const Value& self, const Bound& a) {
  expect_hashable(rt, a[0]);
  if (contains(rt, self, a[0])) return get_item(rt, self, a[0]);
  return a[1].is_missing() ? Value::none() : a[1];
}

template <DictView::Kind Kind>
Value view(Runtime& rt, const Value& self, const Bound&) {
  return Value::dict_view(rt.arena().make(DictView{Kind, &self.as_dict()}));
}

Value next(Runtime&, const Value& self, const Bound&) {
  Cycler& cycler = *self.as<Cycler>();
  const Value current = cycler.items[cycler.next];
  cycler.next = (cycler.next + 1) % cycler.items.size();
  return current;
}

Value reset(Runtime&, const Value& self, const Bound&) {
  self.as<Cycler>()->next = 0;
  return Value::none();
}

Value loop_cycle(Runtime& rt, const Value& self, const Bound& a) {
  if (a.rest.empty()) rt.refuse("loop.cycle needs items");
  return a.rest[self.as<Loop>()->index % a.rest.size()];
}

Value loop_changed(Runtime& rt, const Value& self, const Bound& a) {
  Loop& loop = *self.as<Loop>();
  const Value now = Value::tuple(rt.arena().copy(a.rest));
  if (!loop.last_changed.is_missing() && equal(rt, loop.last_changed, now)) {
    return Value::boolean(false);
  }
  loop.last_changed = now;
  return Value::boolean(true);
}

constexpr FunctionSpec kListMethods[] = {
    {"count", count, {"value"}, 1},
    {"index", index, {"value", "start", "stop"}, 1},
    {"copy", copy},
};
constexpr FunctionSpec kTupleMethods[] = {
    {"count", count, {"value"}, 1},
    {"index", index, {"value", "start", "stop"}, 1},
};
constexpr FunctionSpec kRangeMethods[] = {
    {"count", count, {"value"}, 1},
    {"index", index, {"value"}, 1},
};
constexpr FunctionSpec kDictMethods[] = {
    {"get", get, {"key", "default"}, 1},
    {"items", view<DictView::Kind::kItems>},
    {"keys", view<DictView::Kind::kKeys>},
    {"values", view<DictView::Kind::kValues>},
    {"copy", copy},
};
constexpr FunctionSpec kCyclerMethods[] = {{"next", next}, {"reset", reset}};
constexpr FunctionSpec kLoopMethods[] = {
    {"cycle", loop_cycle, {}, 0, true},
    {"changed", loop_changed, {}, 0, true},
};

}  // namespace of_containers

std::span<const FunctionSpec> container_methods(Type type) {
  switch (type) {
    case Type::kList:
      return of_containers::kListMethods;
    case Type::kTuple:
      return of_containers::kTupleMethods;
    case Type::kRange:
      return of_containers::kRangeMethods;
    case Type::kDict:
      return of_containers::kDictMethods;
    case Type::kCycler:
      return of_containers::kCyclerMethods;
    case Type::kLoop:
      return of_containers::kLoopMethods;
    default:
      return {};
  }
}

}  // namespace parley::text::jinja
