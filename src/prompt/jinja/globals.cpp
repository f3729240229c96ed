// The functions that every template can call by name.
#include <algorithm>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/namespace.hpp"
#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/strftime.hpp"

namespace parley::text::jinja {
namespace {

Value range(Runtime& rt, const Value&, const Bound& a) {
  const std::int64_t first = expect_integer(rt, a[0], "an argument of range");
  Range out{0, first, 1, 0};
  if (!a[1].is_missing()) {
    out.start = first;
    out.stop = expect_integer(rt, a[1], "an argument of range");
  }
  if (!a[2].is_missing()) out.step = expect_integer(rt, a[2], "an argument of range");
  if (out.step == 0) rt.refuse("the step of range cannot be zero");
  const __int128 distance = static_cast<__int128>(out.stop) - out.start;
  const __int128 step = out.step;
  const bool some = step > 0 ? distance > 0 : distance < 0;
  const __int128 size = some ? (distance + (step > 0 ? step - 1 : step + 1)) / step : 0;
  if (size > rt.limits().max_range) {
    rt.refuse_limit("range is longer than " + std::to_string(rt.limits().max_range) + " items");
  }
  out.size = static_cast<std::int64_t>(size);
  return Value::range(rt.arena().make(out));
}

// dict(mapping or pairs, name=value…) and the entries of namespace().
std::vector<DictEntry> entries_of(Runtime& rt, const Bound& a) {
  std::vector<DictEntry> out;
  if (!a[0].is_missing()) {
    if (a[0].is(Type::kDict)) {
      const auto entries = a[0].as_dict().entries;
      out.assign(entries.begin(), entries.end());
    } else {
      for (const Value& pair : iterate(rt, a[0])) {
        const std::span<const Value> both = iterate(rt, pair);
        if (both.size() != 2) rt.refuse("dict takes pairs of key and value");
        expect_hashable(rt, both[0]);
        out.push_back({both[0], both[1]});
      }
    }
  }
  for (const Named& named : a.named)
    out.push_back({Value::string(named.name, Author::kOther), named.value});
  return out;
}

Value dict(Runtime& rt, const Value&, const Bound& a) {
  return rt.dict(entries_of(rt, a));
}

Value name_space(Runtime& rt, const Value&, const Bound& a) {
  Namespace* out = rt.arena().make(Namespace{});
  for (const DictEntry& entry : entries_of(rt, a)) {
    out->set(rt, expect_string(rt, entry.key, "a name in a namespace"), entry.value);
  }
  return Value::name_space(out);
}

Value joiner(Runtime& rt, const Value&, const Bound& a) {
  const Value& given = a[0];
  const Value separator = given.is_missing()  ? Value::string(", ", Author::kTemplate)
                          : given.is_string() ? given
                                              : Value::string(to_str(rt, given), author_of(given));
  return Value::joiner(rt.arena().make(Joiner{separator}));
}

Value cycler(Runtime& rt, const Value&, const Bound& a) {
  if (a.rest.empty()) rt.refuse("cycler needs items");
  return Value::cycler(rt.arena().make(Cycler{rt.arena().copy(a.rest)}));
}

Value raise_exception(Runtime& rt, const Value&, const Bound& a) {
  rt.refuse(to_str(rt, a[0]), "the model's chat template does not take these messages");
}

Value strftime_now(Runtime& rt, const Value&, const Bound& a) {
  return rt.text(strftime_utc(expect_string(rt, a[0], "the format of strftime_now"), rt.now_ms()),
                 author_of(a[0]));
}

constexpr FunctionSpec kGlobals[] = {
    {"range", range, {"start", "stop", "step"}, 1},
    {"dict", dict, {"mapping"}, 0, false, true},
    {"namespace", name_space, {"mapping"}, 0, false, true},
    {"joiner", joiner, {"sep"}},
    {"cycler", cycler, {}, 0, true},
    {"raise_exception", raise_exception, {"message"}, 1},
    {"strftime_now", strftime_now, {"format"}, 1},
};

}  // namespace

std::span<const FunctionSpec> global_functions() {
  return kGlobals;
}

}  // namespace parley::text::jinja
