#include "constraint/json_string.hpp"

#include "constraint/encoding.hpp"

namespace parley::engine {

Dfa json_characters_dfa() {  // any number of characters
  Nfa any;
  any.add_epsilon(Nfa::kStart, Nfa::kAccept);
  add_any_code_point(any, Nfa::kAccept, Nfa::kAccept);
  const SizeLimit limit{1000, "JSON string"};
  return encode_json_string(determinize(any, limit), limit);
}

const Dfa& json_string_dfa() {
  static const Dfa dfa = [] {
    Nfa quoted;
    const std::uint32_t open = quoted.add_state(), close = quoted.add_state();
    quoted.add_edge(Nfa::kStart, '"', '"', open);
    quoted.add_dfa(open, json_characters_dfa(), close);
    quoted.add_edge(close, '"', '"', Nfa::kAccept);
    return determinize(quoted, {1000, "JSON string"});
  }();
  return dfa;
}

JsonCharacters::JsonCharacters() {
  const Dfa dfa = json_characters_dfa();  // minimal: its start is its only accepting state
  next_.resize(dfa.states.size());
  for (std::size_t s = 0; s < dfa.states.size(); ++s) {
    next_[s].fill(kNone);
    for (const Edge& e : dfa.states[s].edges) {
      for (Symbol b = e.low; b <= e.high; ++b) next_[s][b] = e.target;
    }
  }
}

const JsonCharacters& JsonCharacters::get() {
  static const JsonCharacters characters;
  return characters;
}

}  // namespace parley::engine
