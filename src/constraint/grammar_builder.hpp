// Makes a Pushdown from rules written as nondeterministic automata over bytes and calls. What every
// front end (JSON Schema, regular expressions, choices, GBNF) has in common happens here: dead
// alternatives and empty matches taken out, left recursion turned into loops, small rules put in
// place of their calls, each rule made deterministic.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "constraint/automaton.hpp"
#include "constraint/components.hpp"
#include "constraint/counted_words.hpp"
#include "constraint/pushdown.hpp"

namespace parley::engine {

using RuleId = std::uint32_t;

class GrammarBuilder {
 public:
  static constexpr Symbol kFirstCall = 0x80000000u;
  static constexpr std::uint32_t kUnbounded = ~0u;
  static Symbol call(RuleId rule) { return kFirstCall + rule; }

  // `what` names the source in errors: "JSON schema".
  explicit GrammarBuilder(std::string what) : what_(std::move(what)) {}

  // An empty automaton to be filled through body(); edges are bytes or call(rule).
  RuleId add_rule();
  // The same, of a rule that is never put in place of its calls: all grammars that have it share
  // the masks of its states.
  RuleId add_shared_rule();
  // A quoted JSON string of `least` to `most` (or kUnbounded) characters, of `words` or any.
  // REQUIRES: least <= most; words->may_go_on(0, least, most).
  RuleId add_counted_string(std::uint32_t least, std::uint32_t most,
                            std::shared_ptr<const CountedWords> words = CountedWords::any());
  // What `any` matches, json_string_dfa(), but for these strings (other_string.hpp).
  RuleId add_other_string(RuleId any, std::vector<std::string> names);
  // Not of a counted string, nor of an other one. Stays where it is while rules are added.
  Nfa& body(RuleId rule) { return rules_[rule].nfa; }
  void add_call(Nfa& nfa, std::uint32_t from, RuleId rule, std::uint32_t to) {
    nfa.add_edge(from, call(rule), call(rule), to);
  }

  // For automata made on the way: one budget for the whole grammar.
  SizeLimit limit(std::size_t states, std::string what) {
    return {states, std::move(what), &budget_};
  }

  // Once. Errors: kInvalidInput when no text at all matches `root` or it grows too large.
  std::shared_ptr<const Pushdown> build(RuleId root);

 private:
  friend class PushdownAssembly;
  struct Counted {
    std::uint32_t least, most;
    std::shared_ptr<const CountedWords> words;
  };
  struct Other {
    RuleId any;
    std::vector<std::string> names;
  };
  struct Rule {
    Nfa nfa;
    Dfa dfa;  // of what the rule matches, the empty text aside
    std::optional<Counted> counted;
    std::optional<Other> other;
    bool shared = false;                                 // stays a rule
    bool is_string() const { return counted || other; }  // has no automaton of its own
    bool nullable = false;                               // matches the empty text
    bool solid = false;                                  // matches some other text
  };

  // Sets `property` of the rules that match the empty text, or those that match any other.
  void mark(bool Rule::*property, bool empty);
  void pass_over_empty_calls();
  void remove_dead_calls();
  Graph call_graph() const;
  Graph left_calls() const;
  void determinize_rules();
  void inline_calls(Nfa& nfa, const std::vector<std::uint32_t>& uses) const;
  bool inlinable(RuleId rule, const std::vector<std::uint32_t>& uses) const;
  void remove_left_recursion();
  void expand_left(RuleId in, RuleId what);

  SizeLimit limit() { return limit(kMaxRuleStates, what_); }

  static constexpr std::size_t kMaxRuleStates = 50'000;
  std::string what_;
  std::size_t budget_ = 15'000'000;
  std::deque<Rule> rules_;
};

}  // namespace parley::engine
