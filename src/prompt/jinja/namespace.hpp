// namespace(): the one value of a template that can be changed, by {% set ns.name = … %}.
#pragma once

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

struct Namespace {
  struct Binding {
    std::string_view name;
    Value value;
    Binding* next;
  };
  Binding* first = nullptr;  // in the order of insertion
  Binding* last = nullptr;

  const Value* find(Runtime& runtime, std::string_view name) const {
    const Binding* at = look_up(runtime, name);
    return at != nullptr ? &at->value : nullptr;
  }
  void set(Runtime& runtime, std::string_view name, const Value& value) {
    if (Binding* at = look_up(runtime, name)) {
      at->value = value;
      return;
    }
    Binding* added = runtime.arena().make(Binding{name, value, nullptr});
    (last != nullptr ? last->next : first) = added;
    last = added;
  }

 private:
  Binding* look_up(Runtime& runtime, std::string_view name) const {
    for (Binding* at = first; at != nullptr; at = at->next) {
      runtime.charge(1);
      if (at->name == name) return at;
    }
    return nullptr;
  }
};

}  // namespace parley::text::jinja
