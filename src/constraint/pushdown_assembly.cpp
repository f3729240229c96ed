#include "constraint/pushdown_assembly.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <queue>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/sha256.hpp"
#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace {

constexpr Symbol kFirstCall = GrammarBuilder::kFirstCall;

void append(std::string& out, std::initializer_list<std::uint64_t> values) {
  for (const std::uint64_t v : values) out.append(reinterpret_cast<const char*>(&v), sizeof v);
}

}  // namespace

PushdownAssembly::PushdownAssembly(const GrammarBuilder& builder, RuleId root)
    : builder_(builder), root_(root), out_(std::make_shared<Pushdown>()) {}

std::shared_ptr<const Pushdown> PushdownAssembly::assemble() {
  number_rules();
  lay_out_states();
  classify_bytes();
  compute_needs();
  compute_ranks();
  compute_follows();
  compute_fingerprints();
  out_->start_ = first_[root_];
  out_->accepts_empty_ = builder_.rules_[root_].nullable;
  return out_;
}

void PushdownAssembly::number_rules() {
  const auto& rules = builder_.rules_;
  calls_.resize(rules.size());
  slot_.assign(rules.size(), 0);
  first_.assign(rules.size(), 0);
  used_.assign(rules.size(), 0);
  order_.push_back(root_);
  used_[root_] = 1;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const RuleId r = order_[i];
    for (const Dfa::State& state : rules[r].dfa.states) {
      for (const Edge& e : state.edges) {
        for (Symbol s = std::max(e.low, kFirstCall); s <= e.high && s >= kFirstCall; ++s) {
          calls_[r].push_back(s - kFirstCall);
        }
      }
    }
    auto& called = calls_[r];
    if (const auto& other = rules[r].other) {
      others_.emplace(r, OtherString(rules[other->any].dfa, other->names));
      called.push_back(other->any);
    }
    std::sort(called.begin(), called.end());
    called.erase(std::unique(called.begin(), called.end()), called.end());
    for (const RuleId c : called) {
      if (!std::exchange(used_[c], 1)) order_.push_back(c);
    }
  }
}

void PushdownAssembly::lay_out_states() {
  constexpr std::size_t kMaxStates = 400'000;
  constexpr std::uint64_t kMaxCounted = 1u << 31;
  const auto& rules = builder_.rules_;
  std::size_t total = 0;
  for (const RuleId r : order_) {
    if (rules[r].counted) continue;
    slot_[r] = static_cast<std::uint32_t>(out_->rules_.size());
    out_->rules_.emplace_back().first = static_cast<StateId>(total);
    first_[r] = static_cast<StateId>(total);
    const auto other = others_.find(r);
    total += other == others_.end() ? rules[r].dfa.states.size() : other->second.states.size();
  }
  if (total > kMaxStates) fail_too_large({kMaxStates, builder_.what_});
  std::uint64_t next = total;
  for (const RuleId r : order_) {
    if (!rules[r].counted) continue;
    const auto& [least, most, words] = *rules[r].counted;
    Pushdown::CountedString counted;
    counted.words = words;
    counted.first = static_cast<StateId>(next);
    counted.least = least, counted.most = most;
    counted.rows = (most == GrammarBuilder::kUnbounded ? least : most) + 1;
    next += std::uint64_t{counted.rows} * words->states() + 2;
    if (next > kMaxCounted) {
      fail(ErrorKind::kInvalidInput, builder_.what_ + " has string lengths that add up too high",
           "lower minLength and maxLength");
    }
    out_->counted_.push_back(counted);
    first_[r] = counted.start();
  }
  out_->states_.resize(total);
  for (const auto& [r, other] : others_) lay_out_other(r, other);
  std::sort(out_->alike_.begin(), out_->alike_.end());
  for (const RuleId r : order_) {
    for (std::size_t s = 0; !rules[r].is_string() && s < rules[r].dfa.states.size(); ++s) {
      const Dfa::State& from = rules[r].dfa.states[s];
      Pushdown::State& to = out_->states_[first_[r] + s];
      to.rule = slot_[r];
      to.accepting = from.accepting;
      to.first_edge = static_cast<std::uint32_t>(out_->edges_.size());
      to.first_call = static_cast<std::uint32_t>(out_->calls_.size());
      for (const Edge& e : from.edges) {
        const StateId target = first_[r] + e.target;
        if (e.low < kFirstCall) {
          out_->edges_.push_back(
              {static_cast<std::uint8_t>(e.low), static_cast<std::uint8_t>(e.high), target});
        } else {
          for (Symbol c = e.low; c <= e.high; ++c) {
            out_->calls_.push_back({first_[c - kFirstCall], target});
          }
        }
      }
      to.edge_count = static_cast<std::uint32_t>(out_->edges_.size()) - to.first_edge;
      to.call_count = static_cast<std::uint32_t>(out_->calls_.size()) - to.first_call;
    }
  }
}

void PushdownAssembly::lay_out_other(RuleId rule, const OtherString& other) {
  const StateId any = first_[builder_.rules_[rule].other->any];
  for (std::size_t s = 0; s < other.states.size(); ++s) {
    const auto number = static_cast<StateId>(first_[rule] + s);
    Pushdown::State& to = out_->states_[number];
    to.rule = slot_[rule];
    to.first_edge = static_cast<std::uint32_t>(out_->edges_.size());
    to.first_call = static_cast<std::uint32_t>(out_->calls_.size());
    for (const OtherString::Edge& e : other.states[s].edges)
      out_->edges_.push_back({e.low, e.high, (e.leaves ? any : first_[rule]) + e.target});
    to.edge_count = static_cast<std::uint32_t>(out_->edges_.size()) - to.first_edge;
    if (other.states[s].alike != OtherString::kNone)
      out_->alike_.emplace_back(number, any + other.states[s].alike);
  }
}

void PushdownAssembly::classify_bytes() {
  // Two bytes are of one class when no edge takes only one of them.
  std::array<bool, 257> border{};
  const auto mark = [&](std::uint32_t low, std::uint32_t high) {
    border[low] = border[high + 1] = true;
  };
  for (const auto& e : out_->edges_) mark(e.low, e.high);
  for (const auto& counted : out_->counted_) {
    mark('"', '"');
    for (const Dfa::State& s : counted.words->dfa().states) {
      for (const Edge& e : s.edges) mark(e.low, e.high);
    }
  }
  int last = 0;
  for (int b = 0; b < 256; ++b) {
    if (b > 0 && border[b]) ++last;
    out_->class_of_byte_[b] = static_cast<std::uint8_t>(last);
  }
  out_->byte_classes_ = last + 1;
}

// Knuth's generalisation of Dijkstra's algorithm: states are settled in the order of their needs.
void PushdownAssembly::compute_needs() {
  struct CallEdge {
    StateId from, start, next;
  };
  constexpr std::uint32_t kUnknown = ~0u;
  auto& states = out_->states_;
  std::vector<std::uint32_t> need(states.size(), kUnknown);
  std::vector<std::vector<StateId>> back(states.size());
  std::vector<CallEdge> calls;
  std::vector<std::vector<std::uint32_t>> uses(states.size());  // by state: indices of `calls`
  using Item = std::pair<std::uint32_t, StateId>;
  std::priority_queue<Item, std::vector<Item>, std::greater<>> todo;
  const auto needed = [&](StateId s) { return s < states.size() ? need[s] : 0; };
  const auto relax = [&](StateId s, std::uint32_t value) {
    if (need[s] == kUnknown) todo.push({value, s});
  };
  const auto relax_call = [&](const CallEdge& c) {
    if (needed(c.start) == kUnknown || needed(c.next) == kUnknown) return;
    const std::uint32_t frame = out_->is_end(c.next) ? 0 : 1;
    relax(c.from, std::max(needed(c.next), needed(c.start) + frame));
  };
  for (StateId s = 0; s < states.size(); ++s) {
    if (states[s].accepting) todo.push({0, s});
    for (std::uint32_t e = 0; e < states[s].edge_count; ++e) {
      back[out_->edges_[states[s].first_edge + e].target].push_back(s);
    }
    for (const Call& c : out_->calls(s)) {
      if (c.start < states.size()) {
        uses[c.start].push_back(static_cast<std::uint32_t>(calls.size()));
      }
      uses[c.next].push_back(static_cast<std::uint32_t>(calls.size()));
      calls.push_back({s, c.start, c.next});
    }
  }
  while (!todo.empty()) {
    CompileStop::poll();
    const auto [value, s] = todo.top();
    todo.pop();
    if (need[s] != kUnknown) continue;
    need[s] = value;
    for (const StateId p : back[s]) relax(p, value);
    for (const std::uint32_t i : uses[s]) relax_call(calls[i]);
  }
  for (StateId s = 0; s < states.size(); ++s) states[s].need = need[s];
  if (out_->need(first_[root_]) + 2 > Pushdown::kMaxDepth) {
    fail(ErrorKind::kInvalidInput,
         builder_.what_ + " needs calls nested deeper than " + std::to_string(Pushdown::kMaxDepth),
         "flatten it");
  }
}

void PushdownAssembly::compute_ranks() {
  const auto& rules = builder_.rules_;
  left_calls_.resize(rules.size());
  for (const RuleId r : order_) {
    for (const Edge& e : rules[r].dfa.states[0].edges) {
      for (Symbol s = std::max(e.low, kFirstCall); s <= e.high && s >= kFirstCall; ++s) {
        left_calls_[r].push_back(s - kFirstCall);
      }
    }
  }
  std::vector<std::uint32_t> rank(rules.size(), 1);
  const auto components = strong_components(left_calls_);  // one rule each: no recursion is left
  for (auto c = components.rbegin(); c != components.rend(); ++c) {
    for (const RuleId called : left_calls_[c->front()]) {
      rank[called] = std::max(rank[called], rank[c->front()] + 1);
    }
  }
  for (const RuleId r : order_) {
    if (!rules[r].counted) out_->states_[first_[r]].rank = rank[r];
  }
}

// The classical FIRST and FOLLOW sets, over bytes.
void PushdownAssembly::compute_follows() {
  using Bytes = std::bitset<256>;
  const auto& rules = builder_.rules_;
  std::vector<Bytes> first(rules.size()), follow(rules.size());
  const auto bytes_of = [&](const Dfa::State& state) {  // of the rules it calls as well
    Bytes out;
    for (const Edge& e : state.edges) {
      if (e.low < kFirstCall) {
        for (Symbol b = e.low; b <= e.high; ++b) out.set(b);
      } else {
        for (Symbol s = e.low; s <= e.high; ++s) out |= first[s - kFirstCall];
      }
    }
    return out;
  };
  for (const auto& component : strong_components(left_calls_)) {
    const RuleId r = component.front();
    if (rules[r].is_string()) first[r].set('"');
    if (!rules[r].is_string()) first[r] = bytes_of(rules[r].dfa.states[0]);
  }
  Graph ends_in(rules.size());  // by rule: those it may call last
  for (const RuleId r : order_) {
    if (rules[r].other) ends_in[r].push_back(rules[r].other->any);
    for (const Dfa::State& state : rules[r].dfa.states) {
      for (const Edge& e : state.edges) {
        if (e.low < kFirstCall) continue;
        const Dfa::State& next = rules[r].dfa.states[e.target];
        const Bytes after = bytes_of(next);
        for (Symbol s = e.low; s <= e.high; ++s) {
          follow[s - kFirstCall] |= after;
          if (next.accepting) ends_in[r].push_back(s - kFirstCall);
        }
      }
    }
  }
  std::vector<RuleId> todo(order_.rbegin(), order_.rend());
  while (!todo.empty()) {
    const RuleId r = todo.back();
    todo.pop_back();
    for (const RuleId last : ends_in[r]) {
      const Bytes both = follow[last] | follow[r];
      if (both == follow[last]) continue;
      follow[last] = both;
      todo.push_back(last);
    }
  }
  std::size_t next_counted = 0;
  for (const RuleId r : order_) {
    const std::uint64_t hash =
        std::stoull(sha256_hex(follow[r].to_string()).substr(0, 16), nullptr, 16);
    if (rules[r].counted) {
      out_->counted_[next_counted].follow = follow[r];
      out_->counted_[next_counted++].follow_hash = hash;
    } else {
      out_->rules_[slot_[r]].follow = follow[r];
      out_->rules_[slot_[r]].follow_hash = hash;
    }
  }
}

// A rule's fingerprint is that of its automaton with the fingerprints of the rules it calls. Rules
// that call each other are described together, beginning at the one in question.
void PushdownAssembly::compute_fingerprints() {
  constexpr std::size_t kMaxDescribed = 4 << 20;  // bytes hashed for one component
  for (const auto& component : strong_components(calls_)) {
    CompileStop::poll();
    std::size_t size = 0;
    for (const RuleId r : component) {
      for (const Dfa::State& s : builder_.rules_[r].dfa.states) size += 16 + 24 * s.edges.size();
    }
    const bool shareable = size * component.size() <= kMaxDescribed;
    for (const RuleId r : component) {
      if (!used_[r] || builder_.rules_[r].counted) continue;
      const std::string hash =
          sha256_hex(shareable ? description(component, r) : random_hex(32) + std::to_string(r));
      auto& fingerprint = out_->rules_[slot_[r]].fingerprint;
      fingerprint = {std::stoull(hash.substr(0, 16), nullptr, 16),
                     std::stoull(hash.substr(16, 16), nullptr, 16)};
    }
  }
}

std::string PushdownAssembly::description(const std::vector<RuleId>& component,
                                          RuleId first) const {
  enum : std::uint64_t { kBytes, kInside, kCounted, kOutside, kOther };
  std::string out;
  if (const auto& other = builder_.rules_[first].other) {
    const auto& any = out_->rules_[slot_[other->any]].fingerprint;
    append(out, {kOther, any[0], any[1]});
    for (const std::string& name : other->names) out += std::to_string(name.size()) + ':' + name;
    return out;
  }
  std::unordered_map<RuleId, std::uint64_t> number;  // within the component, as met
  const std::unordered_set<RuleId> inside(component.begin(), component.end());
  std::vector<RuleId> todo{first};
  number.emplace(first, 0);
  const auto describe_call = [&](RuleId called) {
    if (inside.contains(called)) {
      const auto [at, added] = number.emplace(called, todo.size());
      if (added) todo.push_back(called);
      append(out, {kInside, at->second});
    } else if (const auto& counted = builder_.rules_[called].counted) {
      append(out, {kCounted, counted->least, counted->most, counted->words->fingerprint()});
    } else {
      const auto& fingerprint = out_->rules_[slot_[called]].fingerprint;
      append(out, {kOutside, fingerprint[0], fingerprint[1]});
    }
  };
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const Dfa& dfa = builder_.rules_[todo[i]].dfa;
    append(out, {dfa.states.size()});
    for (const Dfa::State& state : dfa.states) {
      append(out, {state.accepting, state.edges.size()});
      for (const Edge& e : state.edges) {
        if (e.low < kFirstCall) {
          append(out, {kBytes, e.low, e.high, e.target});
          continue;
        }
        for (Symbol s = e.low; s <= e.high; ++s) {
          describe_call(s - kFirstCall);
          append(out, {e.target});
        }
      }
    }
  }
  return out;
}

}  // namespace parley::engine
