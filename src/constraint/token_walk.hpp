// One walk through the token trie, byte by byte with a grammar: the tokens that can be read from a
// set of stacks. Bytes that no stack can read cut off everything below them.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "constraint/stack_sets.hpp"
#include "constraint/token_table.hpp"

namespace parley::engine {

// Stops a walk through hostile grammars. Work is new sets of stacks, which useful grammars hardly
// make (their states are met again and again), so that they never come near these.
struct WalkLimit {
  std::uint64_t work = 400'000;  // StackSets::work() of one walk
  std::size_t bytes = 64 << 20;  // StackSets::bytes()
  std::uint64_t visits = ~0ull;  // trie nodes tried
};

class TokenWalk {
 public:
  TokenWalk(StackSets& sets, const TokenTable& table, std::vector<SetId>& path,
            const WalkLimit& limit)
      : sets_(sets), table_(table), path_(path), limit_(limit), first_work_(sets.work()) {
    path_.resize(table.longest_token() + 1);
  }

  // Walks the nodes [first, last), children of a node of depth `depth` at which `from` holds.
  // Calls visit(index, node, set) for every node that can be read. False when a limit was met.
  template <class Visit>
  bool run(SetId from, std::uint32_t first, std::uint32_t last, std::uint32_t depth, Visit visit) {
    const std::span<const TokenTable::Node> nodes = table_.nodes();
    path_[depth] = from;
    for (std::uint32_t i = first; i < last;) {
      const TokenTable::Node& node = nodes[i];
      const std::uint64_t work = sets_.work();
      const SetId set = sets_.step(path_[node.depth - 1u], node.byte);
      if (++visits_ > limit_.visits) return false;
      if (sets_.work() != work && exhausted()) return false;
      if (set == kEmptySet) {
        i = node.skip;
        continue;
      }
      path_[node.depth] = set;
      visit(i, node, set);
      ++i;
    }
    return true;
  }

  // The whole trie. Whatever the limit, all single bytes are tried, so that something is left to
  // choose from.
  template <class Visit>
  void run_all(SetId from, Visit visit) {
    const std::span<const TokenTable::Node> nodes = table_.nodes();
    const auto count = static_cast<std::uint32_t>(nodes.size());
    if (run(from, 0, count, 0, visit)) return;
    for (std::uint32_t i = 0; i < count; i = nodes[i].skip) {
      const SetId set = sets_.step(from, nodes[i].byte);
      if (set != kEmptySet) visit(i, nodes[i], set);
    }
  }

 private:
  bool exhausted() const {
    return sets_.work() - first_work_ > limit_.work || sets_.bytes() > limit_.bytes;
  }

  StackSets& sets_;
  const TokenTable& table_;
  std::vector<SetId>& path_;
  const WalkLimit limit_;
  const std::uint64_t first_work_;
  std::uint64_t visits_ = 0;
};

}  // namespace parley::engine
