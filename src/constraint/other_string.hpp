// JSON strings that are none of some names: the keys of an object beside those it declares. Long
// lists of names are common, and equal names may be spelled in many ways; so this is laid out
// directly, as the tree of the names' bytes with ways out of it into the automaton of all strings.
// While a string could still become one of the names, letters of ASCII are written as themselves:
// what is spelled \u0061 or \/ is not taken there.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "constraint/automaton.hpp"

namespace parley::engine {

struct OtherString {
  struct Edge {
    std::uint8_t low, high;
    std::uint32_t target;
    bool leaves;  // into the automaton of all strings
  };
  struct State {
    std::vector<Edge> edges;
    // The state of the automaton of all strings that does the same but for the names; or kNone.
    std::uint32_t alike = kNone;
  };
  static constexpr std::uint32_t kNone = ~0u;

  // State 0 is before the opening quote. `any` is json_string_dfa(), its states in any order.
  OtherString(const Dfa& any, const std::vector<std::string>& names);

  std::vector<State> states;
};

}  // namespace parley::engine
