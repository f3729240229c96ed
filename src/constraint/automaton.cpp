#include "constraint/automaton.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace {

using Subset = std::vector<std::uint32_t>;

struct SubsetHash {
  std::size_t operator()(const Subset& subset) const {
    std::uint64_t h = 0x9E3779B97F4A7C15ull;
    for (const std::uint32_t s : subset) h = (h ^ s) * 0xFF51AFD7ED558CCDull, h ^= h >> 32;
    return static_cast<std::size_t>(h);
  }
};

// Adjacent ranges to the same state become one.
void append_edge(std::vector<Edge>& edges, const Edge& edge) {
  if (!edges.empty() && edges.back().target == edge.target && edges.back().high + 1 == edge.low) {
    edges.back().high = edge.high;
  } else {
    edges.push_back(edge);
  }
}

// Drops the states that cannot be reached or cannot reach an accepting one.
Dfa trimmed(const Dfa& dfa) {
  const std::size_t n = dfa.states.size();
  std::vector<std::vector<std::uint32_t>> back(n);
  std::vector<std::uint8_t> alive(n);
  Subset todo;
  for (std::uint32_t s = 0; s < n; ++s) {
    for (const Edge& e : dfa.states[s].edges) back[e.target].push_back(s);
    if (dfa.states[s].accepting) alive[s] = 1, todo.push_back(s);
  }
  while (!todo.empty()) {
    const std::uint32_t s = todo.back();
    todo.pop_back();
    for (const std::uint32_t p : back[s]) {
      if (!alive[p]) alive[p] = 1, todo.push_back(p);
    }
  }
  constexpr std::uint32_t kNew = ~0u;
  std::vector<std::uint32_t> number(n, kNew);
  Subset order{0};
  number[0] = 0;
  Dfa out;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const Dfa::State& from = dfa.states[order[i]];
    Dfa::State to;
    to.accepting = from.accepting;
    for (const Edge& e : from.edges) {
      if (!alive[e.target]) continue;
      if (number[e.target] == kNew) {
        number[e.target] = static_cast<std::uint32_t>(order.size());
        order.push_back(e.target);
      }
      append_edge(to.edges, {e.low, e.high, number[e.target]});
    }
    if (i == 0) {
      out.states[0] = std::move(to);
    } else {
      out.states.push_back(std::move(to));
    }
  }
  return out;
}

// Moore's partition refinement. A round costs the whole automaton and a chain of n states needs n
// rounds, so what takes too long stays as it is: minimality saves memory, nothing depends on it.
Dfa minimized(const Dfa& dfa, const SizeLimit& limit) {
  constexpr std::size_t kMaxWork = 150'000;  // states, once a round
  const std::size_t n = dfa.states.size();
  std::size_t work = std::min(kMaxWork, limit.budget == nullptr ? kMaxWork : *limit.budget);
  std::vector<std::uint32_t> block(n), next(n);
  std::size_t blocks = 0;
  for (std::size_t s = 0; s < n; ++s) block[s] = dfa.states[s].accepting ? 1 : 0;
  for (;;) {
    CompileStop::poll();
    if (work < n) return dfa;
    work -= n;
    if (limit.budget != nullptr) *limit.budget -= n;
    std::unordered_map<Subset, std::uint32_t, SubsetHash> ids;
    Subset signature;
    std::vector<Edge> merged;
    for (std::size_t s = 0; s < n; ++s) {
      merged.clear();
      for (const Edge& e : dfa.states[s].edges) {
        append_edge(merged, {e.low, e.high, block[e.target]});
      }
      signature.assign(1, block[s]);
      for (const Edge& e : merged) signature.insert(signature.end(), {e.low, e.high, e.target});
      next[s] = ids.emplace(signature, static_cast<std::uint32_t>(ids.size())).first->second;
    }
    const bool stable = ids.size() == blocks;
    blocks = ids.size();
    block.swap(next);
    if (stable) break;
  }
  Dfa out;
  out.states.resize(blocks);
  std::vector<std::uint8_t> done(blocks);
  for (std::size_t s = 0; s < n; ++s) {  // state 0 comes first, so its block is number 0
    if (std::exchange(done[block[s]], 1)) continue;
    Dfa::State& to = out.states[block[s]];
    to.accepting = dfa.states[s].accepting;
    for (const Edge& e : dfa.states[s].edges) {
      append_edge(to.edges, {e.low, e.high, block[e.target]});
    }
  }
  return out;
}

class SubsetConstruction {
 public:
  SubsetConstruction(const Nfa& nfa, const SizeLimit& limit)
      : nfa_(nfa),
        limit_(limit),
        max_steps_(limit.budget == nullptr ? kMaxSteps : std::min(kMaxSteps, *limit.budget)),
        seen_(nfa.states.size()) {}

  Dfa run() {
    Subset start{Nfa::kStart};
    close(start);
    number_of(start);
    for (std::uint32_t i = 0; i < subsets_.size(); ++i) expand(i);
    if (limit_.budget != nullptr) *limit_.budget -= std::min(*limit_.budget, steps_);
    return std::move(out_);
  }

 private:
  void close(Subset& subset) {
    ++stamp_;
    for (const std::uint32_t s : subset) seen_[s] = stamp_;
    for (std::size_t i = 0; i < subset.size(); ++i) {
      for (const std::uint32_t t : nfa_.states[subset[i]].epsilon) {
        if (seen_[t] != stamp_) seen_[t] = stamp_, subset.push_back(t);
      }
    }
    steps_ += subset.size();
    // Only states that lead on by a symbol, or accept, tell two subsets apart.
    std::erase_if(
        subset, [&](std::uint32_t s) { return nfa_.states[s].edges.empty() && s != Nfa::kAccept; });
    std::sort(subset.begin(), subset.end());
  }

  std::uint32_t number_of(const Subset& subset) {
    const auto [at, added] = numbers_.emplace(subset, static_cast<std::uint32_t>(subsets_.size()));
    if (added) {
      work_ += subset.size();
      constexpr std::size_t kMaxWork = 8'000'000;  // members of all subsets: about 32 MB
      if (subsets_.size() >= limit_.states || work_ > kMaxWork) fail_too_large(limit_);
      subsets_.push_back(&at->first);
      if (subsets_.size() > 1) out_.states.emplace_back();
      out_.states.back().accepting =
          std::find(subset.begin(), subset.end(), Nfa::kAccept) != subset.end();
    }
    return at->second;
  }

  void expand(std::uint32_t index) {
    CompileStop::poll();
    points_.clear();
    const Subset& subset = *subsets_[index];
    for (const std::uint32_t s : subset) {
      for (const Edge& e : nfa_.states[s].edges) {
        points_.push_back(e.low);
        points_.push_back(std::uint64_t{e.high} + 1);
      }
    }
    std::sort(points_.begin(), points_.end());
    points_.erase(std::unique(points_.begin(), points_.end()), points_.end());
    std::vector<Subset> targets(points_.empty() ? 0 : points_.size() - 1);
    for (const std::uint32_t s : subset) {
      for (const Edge& e : nfa_.states[s].edges) {
        auto at = static_cast<std::size_t>(std::lower_bound(points_.begin(), points_.end(), e.low) -
                                           points_.begin());
        for (; points_[at] <= e.high; ++at) {
          targets[at].push_back(e.target);
          if (++steps_ > max_steps_) fail_too_slow();
        }
      }
    }
    for (std::size_t i = 0; i < targets.size(); ++i) {
      if (targets[i].empty()) continue;
      std::sort(targets[i].begin(), targets[i].end());
      targets[i].erase(std::unique(targets[i].begin(), targets[i].end()), targets[i].end());
      close(targets[i]);
      const std::uint32_t target = number_of(targets[i]);
      append_edge(out_.states[index].edges, {static_cast<Symbol>(points_[i]),
                                             static_cast<Symbol>(points_[i + 1] - 1), target});
    }
  }

  [[noreturn]] void fail_too_slow() const {
    fail(ErrorKind::kInvalidInput, limit_.what + " takes too long to compile",
         "use smaller repetition counts and fewer alternatives");
  }

  static constexpr std::size_t kMaxSteps = 10'000'000;  // about a second
  const Nfa& nfa_;
  const SizeLimit& limit_;
  const std::size_t max_steps_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t stamp_ = 0;
  std::size_t work_ = 0, steps_ = 0;
  std::unordered_map<Subset, std::uint32_t, SubsetHash> numbers_;  // nodes do not move
  std::vector<const Subset*> subsets_;
  std::vector<std::uint64_t> points_;
  Dfa out_;
};

constexpr std::uint32_t kDead = ~0u;

// Runs both at once; `keep_dead` goes on where b has no edge.
Dfa product(const Dfa& a, const Dfa& b, bool keep_dead, const SizeLimit& limit) {
  using Pair = std::pair<std::uint32_t, std::uint32_t>;
  std::map<Pair, std::uint32_t> numbers{{{0, 0}, 0}};
  std::vector<Pair> todo{{0, 0}};
  Dfa out;
  static const std::vector<Edge> kNone;
  for (std::uint32_t i = 0; i < todo.size(); ++i) {
    CompileStop::poll();
    const auto [p, q] = todo[i];
    const bool in_b = q != kDead && b.states[q].accepting;
    out.states[i].accepting = a.states[p].accepting && (keep_dead ? !in_b : in_b);
    const std::vector<Edge>& others = q == kDead ? kNone : b.states[q].edges;
    const auto add = [&](Symbol low, Symbol high, Pair to) {
      const auto [at, added] = numbers.emplace(to, static_cast<std::uint32_t>(todo.size()));
      if (added) {
        if (todo.size() >= limit.states) fail_too_large(limit);
        todo.push_back(to);
        out.states.emplace_back();
      }
      append_edge(out.states[i].edges, {low, high, at->second});
    };
    for (const Edge& e : a.states[p].edges) {
      std::uint64_t from = e.low;
      auto other = std::lower_bound(others.begin(), others.end(), e.low,
                                    [](const Edge& x, Symbol low) { return x.high < low; });
      for (; other != others.end() && other->low <= e.high; ++other) {
        const Symbol low = std::max(other->low, e.low), high = std::min(other->high, e.high);
        if (keep_dead && from < low) {
          add(static_cast<Symbol>(from), low - 1, {e.target, kDead});
        }
        add(low, high, {e.target, other->target});
        from = std::uint64_t{high} + 1;
      }
      if (keep_dead && from <= e.high) add(static_cast<Symbol>(from), e.high, {e.target, kDead});
    }
  }
  if (limit.budget != nullptr) *limit.budget -= std::min(*limit.budget, 20 * todo.size());
  return minimized(trimmed(out), limit);
}

}  // namespace

void fail_too_large(const SizeLimit& limit) {
  fail(ErrorKind::kInvalidInput,
       limit.what + " needs more than " + std::to_string(limit.states) + " automaton states",
       "use smaller repetition counts and fewer alternatives");
}

bool Dfa::accepts(std::u32string_view text) const {
  std::uint32_t state = 0;
  for (const char32_t c : text) {
    const std::vector<Edge>& edges = states[state].edges;
    const auto at = std::lower_bound(edges.begin(), edges.end(), static_cast<Symbol>(c),
                                     [](const Edge& e, Symbol x) { return e.high < x; });
    if (at == edges.end() || at->low > c) return false;
    state = at->target;
  }
  return states[state].accepting;
}

std::uint32_t Nfa::add_state() {
  states.emplace_back();
  return static_cast<std::uint32_t>(states.size() - 1);
}

void Nfa::add_bytes(std::uint32_t from, std::string_view text, std::uint32_t to) {
  if (text.empty()) add_epsilon(from, to);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::uint32_t next = i + 1 == text.size() ? to : add_state();
    const auto byte = static_cast<unsigned char>(text[i]);
    add_edge(from, byte, byte, next);
    from = next;
  }
}

void Nfa::add_dfa(std::uint32_t from, const Dfa& part, std::uint32_t to) {
  const auto base = static_cast<std::uint32_t>(states.size());
  states.resize(states.size() + part.states.size());
  for (std::uint32_t s = 0; s < part.states.size(); ++s) {
    for (const Edge& e : part.states[s].edges) {
      add_edge(base + s, e.low, e.high, base + e.target);
    }
    if (part.states[s].accepting) add_epsilon(base + s, to);
  }
  add_epsilon(from, base);
}

Dfa determinize(const Nfa& nfa, const SizeLimit& limit) {
  return minimized(trimmed(SubsetConstruction(nfa, limit).run()), limit);
}

Dfa intersect(const Dfa& a, const Dfa& b, const SizeLimit& limit) {
  return product(a, b, false, limit);
}

Dfa subtract(const Dfa& a, const Dfa& b, const SizeLimit& limit) {
  return product(a, b, true, limit);
}

Dfa unite(const Dfa& a, const Dfa& b, const SizeLimit& limit) {
  Nfa both;
  both.add_dfa(Nfa::kStart, a, Nfa::kAccept);
  both.add_dfa(Nfa::kStart, b, Nfa::kAccept);
  return determinize(both, limit);
}

Dfa literal_dfa(std::u32string_view text) {
  Dfa out;
  out.states.resize(text.size() + 1);
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    out.states[i].edges.push_back({text[i], text[i], i + 1});
  }
  out.states.back().accepting = true;
  return out;
}

}  // namespace parley::engine
