// The one inner form of every constraint: a pushdown automaton over bytes. Each rule of a grammar
// is a finite automaton whose states lead on by a byte, or by a call of another rule after which
// they go on. Within a rule it is deterministic; between rules it need not be (stack_sets.hpp).
//
// Invariants (grammar_builder.cpp makes them):
//   1. no rule matches the empty text, and none calls itself before it has read a byte;
//   2. from every state some text completes its rule;
//   3. a state that accepts and leads nowhere is the end of its rule (`is_end`).
//
// A string of `least` to `most` characters has a state for each count and each state of its
// characters. They are not stored: their numbers say which they are (CountedString), so that
// "maxLength": 100000 costs nothing, with a pattern or without. Immutable and thread-safe.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "constraint/automaton.hpp"
#include "constraint/counted_words.hpp"

namespace parley::engine {

using StateId = std::uint32_t;

inline constexpr StateId kNoState = ~0u;

struct Call {
  StateId start;  // of the called rule
  StateId next;   // where the caller goes on
};

// What tells one state's future from another's, across grammars: equal keys, equal behaviour until
// their rule ends, and the same bytes that can follow (for a counted string: for as many bytes as
// the `horizon` asked for).
using StateKey = std::array<std::uint64_t, 4>;

class Pushdown {
 public:
  // Deepest nesting of unfinished calls. A text that would go deeper is not accepted; one that can
  // still be finished within it is always left a way to do so.
  static constexpr std::uint32_t kMaxDepth = 250;

  StateId start() const { return start_; }
  bool accepts_empty() const { return accepts_empty_; }
  std::size_t stored_states() const { return states_.size(); }
  std::size_t bytes() const;

  StateId step(StateId state, std::uint8_t byte) const;  // kNoState: no way on
  std::span<const Call> calls(StateId state) const {
    if (state >= states_.size()) return {};
    const State& s = states_[state];
    return {calls_.data() + s.first_call, s.call_count};
  }
  bool accepting(StateId state) const;
  bool reads_bytes(StateId state) const;  // leads on by some byte
  bool is_end(StateId state) const;
  // Unfinished calls that the shortest-nested completion of the state's rule needs.
  std::uint32_t need(StateId state) const {
    return state < states_.size() ? states_[state].need : 0;
  }
  // Greater than that of every state that calls the rule this state starts.
  std::uint32_t rank(StateId state) const {
    return state < states_.size() ? states_[state].rank : 0;
  }
  StateKey key(StateId state, std::uint32_t horizon) const;
  // Bytes that can come next when the state's rule has ended, wherever it was called.
  const std::bitset<256>& follow(StateId state) const;

  // Another state that does the same but for few texts, or kNoState: a mask is made of its mask.
  StateId alike(StateId state) const;

  // Bytes that no state tells apart have the same class.
  int byte_classes() const { return byte_classes_; }
  int byte_class(std::uint8_t byte) const { return class_of_byte_[byte]; }

 private:
  friend class PushdownAssembly;

  struct ByteEdge {
    std::uint8_t low, high;
    StateId target;
  };
  struct State {
    std::uint32_t first_edge = 0, first_call = 0;
    std::uint32_t edge_count = 0, call_count = 0;
    std::uint32_t need = 0, rank = 0, rule = 0;
    bool accepting = false;
  };
  struct Rule {
    StateId first = 0;
    std::array<std::uint64_t, 2> fingerprint{};
    std::bitset<256> follow;
    std::uint64_t follow_hash = 0;
  };
  struct CountedString {
    std::shared_ptr<const CountedWords> words;
    StateId first = 0;        // numbers: first + count × (states of `words`) + state
    std::uint32_t least = 0;  // characters
    std::uint32_t most = 0;   // characters; kUnbounded
    std::uint32_t rows = 0;   // counts told apart: 0 … rows - 1
    std::bitset<256> follow;
    std::uint64_t follow_hash = 0;
    StateId start() const;  // before the opening quote
    StateId end() const;    // after the closing quote
  };
  struct Place {  // a state of a counted string
    const CountedString* counted;
    std::uint32_t count, state;
  };
  static constexpr std::uint32_t kUnbounded = ~0u;

  Place place_of(StateId state) const;
  StateId counted_step(const Place& place, std::uint8_t byte) const;

  std::vector<State> states_;
  std::vector<ByteEdge> edges_;
  std::vector<Call> calls_;
  std::vector<Rule> rules_;
  std::vector<CountedString> counted_;              // by `first`
  std::vector<std::pair<StateId, StateId>> alike_;  // sorted
  StateId start_ = 0;
  bool accepts_empty_ = false;
  int byte_classes_ = 1;
  std::array<std::uint8_t, 256> class_of_byte_{};
};

}  // namespace parley::engine
