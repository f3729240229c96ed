// Names and their values while a template runs: a chain of scopes, looked through outwards.
#pragma once

#include <cstdint>

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

struct Scope {
  struct Binding {
    std::uint32_t name_id;
    Value value;
    Binding* next;
  };
  Scope* parent = nullptr;
  Binding* first = nullptr;

  // nullptr where neither this scope nor one around it has the name.
  const Value* find(Runtime& runtime, std::uint32_t name_id) const {
    for (const Scope* scope = this; scope != nullptr; scope = scope->parent) {
      for (const Binding* at = scope->first; at != nullptr; at = at->next) {
        runtime.charge(1);
        if (at->name_id == name_id) return &at->value;
      }
    }
    return nullptr;
  }

  void set(Runtime& runtime, std::uint32_t name_id, const Value& value) {
    for (Binding* at = first; at != nullptr; at = at->next) {
      runtime.charge(1);
      if (at->name_id == name_id) {
        at->value = value;
        return;
      }
    }
    first = runtime.arena().make(Binding{name_id, value, first});
  }
};

}  // namespace parley::text::jinja
