// The `loop` variable of {% for %}, and what a macro shows of itself.
#pragma once

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

struct Scope;
struct Statement;

struct Loop {
  std::span<const Value> items;
  std::size_t index = 0;                 // of the current item, from 0
  int depth = 0;                         // of recursive loops, from 0
  Value last_changed;                    // what loop.changed() saw last
  const Statement* statement = nullptr;  // for loop(children)
  Scope* scope = nullptr;                // around the loop
};

struct Macro {
  std::string_view name;
  const Statement* statement;
  Scope* scope;  // where it was defined
};

// A missing value where there is none of that name.
Value loop_attribute(Runtime& runtime, const Value& loop, std::string_view name);
Value macro_attribute(Runtime& runtime, const Value& macro, std::string_view name);

}  // namespace parley::text::jinja
