// Finite automata over ranges of 32-bit symbols. Patterns are built over Unicode code points, then
// encoded into bytes (encoding.hpp); the bodies of grammar rules are built over bytes and calls of
// other rules. Plain data: distinct objects may be used from distinct threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::engine {

using Symbol = std::uint32_t;

struct Edge {
  Symbol low, high;  // both included
  std::uint32_t target;
};

// Deterministic: the edges of a state are sorted and disjoint, state 0 is the start, and every
// other state can be reached and can reach an accepting one.
struct Dfa {
  struct State {
    std::vector<Edge> edges;
    bool accepting = false;
  };
  std::vector<State> states = std::vector<State>(1);

  bool empty() const { return states.size() == 1 && !states[0].accepting; }  // accepts nothing
  bool accepts(std::u32string_view text) const;
};

// Nondeterministic, with one start and one accepting state.
struct Nfa {
  struct State {
    std::vector<Edge> edges;
    std::vector<std::uint32_t> epsilon;
  };
  static constexpr std::uint32_t kStart = 0, kAccept = 1;
  std::vector<State> states = std::vector<State>(2);

  std::uint32_t add_state();
  void add_edge(std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
    states[from].edges.push_back({low, high, to});
  }
  void add_epsilon(std::uint32_t from, std::uint32_t to) { states[from].epsilon.push_back(to); }
  // One edge for each byte of `text`.
  void add_bytes(std::uint32_t from, std::string_view text, std::uint32_t to);
  // A copy of `part` that leads from one state to another.
  void add_dfa(std::uint32_t from, const Dfa& part, std::uint32_t to);
};

// How large a result may grow; `what` names the source in the error.
struct SizeLimit {
  std::size_t states;
  std::string what;  // "regular expression", "#/properties/name/pattern"
  // Steps left to all that share it (some 10 million take a second), or null: each by itself.
  std::size_t* budget = nullptr;
};

// Errors of these: kInvalidInput "WHAT needs more than N automaton states".
Dfa determinize(const Nfa& nfa, const SizeLimit& limit);            // minimal unless large
Dfa intersect(const Dfa& a, const Dfa& b, const SizeLimit& limit);  // in both
Dfa subtract(const Dfa& a, const Dfa& b, const SizeLimit& limit);   // in a, not in b
Dfa unite(const Dfa& a, const Dfa& b, const SizeLimit& limit);      // in either

// Exactly this text.
Dfa literal_dfa(std::u32string_view text);

[[noreturn]] void fail_too_large(const SizeLimit& limit);

}  // namespace parley::engine
