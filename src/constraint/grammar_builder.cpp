#include "constraint/grammar_builder.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "constraint/compile_stop.hpp"
#include "constraint/pushdown_assembly.hpp"

namespace parley::engine {
namespace {

constexpr std::size_t kMaxNfaStates = 1'000'000;

// The empty word taken out. A start that is also inside a loop keeps accepting there.
Dfa without_empty(Dfa dfa) {
  if (!dfa.states[0].accepting) return dfa;
  const bool looped = std::any_of(dfa.states.begin(), dfa.states.end(), [](const Dfa::State& s) {
    return std::any_of(s.edges.begin(), s.edges.end(), [](const Edge& e) { return e.target == 0; });
  });
  if (looped) {
    const auto copy = static_cast<std::uint32_t>(dfa.states.size());
    for (Dfa::State& s : dfa.states) {
      for (Edge& e : s.edges) e.target = e.target == 0 ? copy : e.target;
    }
    dfa.states.push_back(dfa.states[0]);
  }
  dfa.states[0].accepting = false;
  return dfa;
}

template <class Visit>
void for_each_call(const Edge& e, Visit visit) {
  if (e.low < GrammarBuilder::kFirstCall) return;
  for (Symbol s = e.low; s <= e.high; ++s) visit(s - GrammarBuilder::kFirstCall);
}

}  // namespace

RuleId GrammarBuilder::add_rule() {
  constexpr std::size_t kMaxRules = 100'000;
  if (rules_.size() >= kMaxRules) {
    fail(ErrorKind::kInvalidInput,
         what_ + " needs more than " + std::to_string(kMaxRules) + " grammar rules",
         "simplify it: fewer alternatives that multiply each other");
  }
  rules_.emplace_back();
  return static_cast<RuleId>(rules_.size() - 1);
}

RuleId GrammarBuilder::add_shared_rule() {
  const RuleId rule = add_rule();
  rules_[rule].shared = true;
  return rule;
}

RuleId GrammarBuilder::add_counted_string(std::uint32_t least, std::uint32_t most,
                                          std::shared_ptr<const CountedWords> words) {
  const RuleId rule = add_rule();
  rules_[rule].counted = Counted{least, most, std::move(words)};
  return rule;
}

RuleId GrammarBuilder::add_other_string(RuleId any, std::vector<std::string> names) {
  const RuleId rule = add_rule();
  rules_[rule].other = Other{any, std::move(names)};
  return rule;
}

void GrammarBuilder::mark(bool Rule::*property, bool empty) {
  struct Place {
    RuleId rule;
    std::uint32_t state;
    bool moved;  // by something that is not empty
  };
  std::vector<std::vector<std::uint8_t>> reached(rules_.size());
  std::vector<std::vector<Place>> waiting(rules_.size());  // by rule: where to go on after it
  std::vector<Place> todo;
  const auto reach = [&](Place p) {
    if (!std::exchange(reached[p.rule][p.state * 2 + p.moved], 1)) todo.push_back(p);
  };
  for (RuleId r = 0; r < rules_.size(); ++r) {
    reached[r].resize(rules_[r].nfa.states.size() * 2);
    rules_[r].*property = !empty && rules_[r].is_string();
    if (!rules_[r].is_string()) reach({r, Nfa::kStart, false});
  }
  while (!todo.empty()) {
    CompileStop::poll();
    const Place p = todo.back();
    todo.pop_back();
    Rule& rule = rules_[p.rule];
    if (p.state == Nfa::kAccept && p.moved != empty && !(rule.*property)) {
      rule.*property = true;
      for (const Place& after : waiting[p.rule]) reach(after);
    }
    const Nfa::State& state = rule.nfa.states[p.state];
    for (const std::uint32_t t : state.epsilon) reach({p.rule, t, p.moved});
    for (const Edge& e : state.edges) {
      const Place after{p.rule, e.target, !empty};
      if (e.low < kFirstCall) {
        if (!empty) reach(after);
      } else if (rules_[e.low - kFirstCall].*property) {
        reach(after);
      } else {
        waiting[e.low - kFirstCall].push_back(after);
      }
    }
  }
}

void GrammarBuilder::pass_over_empty_calls() {
  for (Rule& rule : rules_) {
    for (Nfa::State& state : rule.nfa.states) {
      for (const Edge& e : state.edges) {
        if (e.low >= kFirstCall && rules_[e.low - kFirstCall].nullable) {
          state.epsilon.push_back(e.target);
        }
      }
    }
  }
}

void GrammarBuilder::remove_dead_calls() {
  for (Rule& rule : rules_) {
    for (Nfa::State& state : rule.nfa.states) {
      std::erase_if(state.edges, [&](const Edge& e) {
        return e.low >= kFirstCall && !rules_[e.low - kFirstCall].solid;
      });
    }
  }
}

Graph GrammarBuilder::call_graph() const {
  Graph graph(rules_.size());
  for (RuleId r = 0; r < rules_.size(); ++r) {
    for (const Nfa::State& state : rules_[r].nfa.states) {
      for (const Edge& e : state.edges) {
        for_each_call(e, [&](RuleId called) { graph[r].push_back(called); });
      }
    }
  }
  return graph;
}

Graph GrammarBuilder::left_calls() const {
  Graph graph(rules_.size());
  for (RuleId r = 0; r < rules_.size(); ++r) {
    for (const Edge& e : rules_[r].dfa.states[0].edges) {
      for_each_call(e, [&](RuleId called) { graph[r].push_back(called); });
    }
  }
  return graph;
}

// A rule that calls nothing is put in place of its calls when it is small (a number, a literal) or
// used only once: then a token that spans its end needs no look at the stack. JSON strings stay
// rules, so that their masks are shared by all grammars.
bool GrammarBuilder::inlinable(RuleId rule, const std::vector<std::uint32_t>& uses) const {
  constexpr std::size_t kSmall = 48, kSmallUsedOnce = 200;
  const Rule& r = rules_[rule];
  if (r.is_string() || r.shared) return false;
  if (r.dfa.states.size() > (uses[rule] == 1 ? kSmallUsedOnce : kSmall)) return false;
  for (const Dfa::State& state : r.dfa.states) {
    if (!state.edges.empty() && state.edges.back().low >= kFirstCall) return false;
  }
  return !r.dfa.empty();
}

void GrammarBuilder::inline_calls(Nfa& nfa, const std::vector<std::uint32_t>& uses) const {
  constexpr std::size_t kMaxInlined = 20'000;  // states; beyond that, calls stay calls
  const std::size_t own = nfa.states.size();
  for (std::uint32_t s = 0; s < own; ++s) {
    std::vector<Edge> edges = std::move(nfa.states[s].edges);
    nfa.states[s].edges.clear();
    for (const Edge& e : edges) {
      const bool inlined = e.low >= kFirstCall && nfa.states.size() < own + kMaxInlined &&
                           inlinable(e.low - kFirstCall, uses);
      if (inlined) {
        nfa.add_dfa(s, rules_[e.low - kFirstCall].dfa, e.target);
      } else {
        nfa.states[s].edges.push_back(e);
      }
    }
  }
}

void GrammarBuilder::determinize_rules() {
  const Graph calls = call_graph();
  std::vector<std::uint32_t> uses(rules_.size());
  for (const auto& called : calls) {
    for (const std::uint32_t r : called) ++uses[r];
  }
  for (const auto& component : strong_components(calls)) {  // called rules before their callers
    for (const RuleId r : component) {
      Rule& rule = rules_[r];
      if (rule.is_string() || !rule.solid) continue;
      inline_calls(rule.nfa, uses);
      if (rule.nfa.states.size() > kMaxNfaStates) fail_too_large(limit());
      rule.dfa = without_empty(determinize(rule.nfa, limit()));
      rule.nfa = Nfa();
    }
  }
}

// Paull's order: once every rule of a cycle has taken the place of its calls at the start of the
// rules after it, only rules that begin with themselves are left, and A = A tail | other is the
// loop other tail*.
void GrammarBuilder::remove_left_recursion() {
  for (const auto& component : strong_components(left_calls())) {
    for (std::size_t i = 0; i < component.size(); ++i) {
      CompileStop::poll();
      for (std::size_t j = 0; j <= i; ++j) expand_left(component[i], component[j]);
    }
  }
}

// Where rule `in` begins with a call of `what`: the automaton of `what` takes its place or, when
// they are one rule, the call becomes a loop from the rule's ends.
void GrammarBuilder::expand_left(RuleId in, RuleId what) {
  const Dfa& dfa = rules_[in].dfa;
  Nfa nfa;
  bool found = false;
  const auto base = static_cast<std::uint32_t>(nfa.states.size());
  nfa.states.resize(base + dfa.states.size());
  for (std::uint32_t s = 0; s < dfa.states.size(); ++s) {
    for (const Edge& e : dfa.states[s].edges) {
      nfa.add_edge(base + s, e.low, e.high, base + e.target);
    }
    if (dfa.states[s].accepting) nfa.add_epsilon(base + s, Nfa::kAccept);
  }
  for (const Edge& e : dfa.states[0].edges) {
    const std::uint32_t target = base + e.target;
    if (e.low < kFirstCall) nfa.add_edge(Nfa::kStart, e.low, e.high, target);
    for_each_call(e, [&](RuleId called) {
      if (called != what) return add_call(nfa, Nfa::kStart, called, target);
      found = true;
      if (in == what) return nfa.add_epsilon(Nfa::kAccept, target);
      nfa.add_dfa(Nfa::kStart, rules_[what].dfa, target);
    });
  }
  if (found) rules_[in].dfa = without_empty(determinize(nfa, limit()));
}

std::shared_ptr<const Pushdown> GrammarBuilder::build(RuleId root) {
  mark(&Rule::nullable, true);
  pass_over_empty_calls();
  mark(&Rule::solid, false);
  if (!rules_[root].solid) {
    fail(ErrorKind::kInvalidInput,
         what_ + (rules_[root].nullable ? " matches the empty text only" : " matches no text"),
         "look for requirements that contradict each other, or rules that never end");
  }
  remove_dead_calls();
  determinize_rules();
  remove_left_recursion();
  return PushdownAssembly(*this, root).assemble();
}

}  // namespace parley::engine
