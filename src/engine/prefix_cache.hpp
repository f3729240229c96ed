// Remembers which cache blocks hold the keys and values of which beginnings of text, so that a
// request whose prompt starts like an earlier one does not compute that part again.
//  1. A tree: a node is one block with the tokens at its positions; a path from the root is a text.
//     Full blocks are shared as they are; of a block that is only partly the same, the equal part
//     is copied into a block of the newcomer's own (copy on write).
//  2. Results cannot change: a position's keys and values depend on the tokens up to it alone, and
//     tokens are compared, not hashes of them.
//  3. Nodes whose block no sequence holds are given up when blocks run out, the longest unused
//     first, leaves before their parents.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "nn/model/kv_cache.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

class PrefixCache {
 public:
  explicit PrefixCache(nn::KvCache& cache);
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  // Gives `sequence` (empty so far) the blocks of the longest known beginning of `tokens`. Returns
  // how many tokens they cover, less than tokens.size(): the last is always left to compute.
  int attach(std::span<const text::TokenId> tokens, nn::KvSequence& sequence);
  // Remembers the blocks of `sequence`, which holds the keys and values of all of `tokens`.
  void publish(std::span<const text::TokenId> tokens, const nn::KvSequence& sequence);
  // Gives up one unused block. False when there is none.
  bool evict();
  int blocks() const { return used_; }

 private:
  struct Node {
    int parent = 0;
    std::vector<int> children;
    std::vector<text::TokenId> tokens;
    nn::KvCache::BlockId block = -1;  // -1: the node is free
    std::uint64_t last_used = 0;
  };
  int full_child(int parent, std::span<const text::TokenId> tokens) const;
  int add(int parent, std::span<const text::TokenId> tokens, nn::KvCache::BlockId block);
  void remove(int node);
  static std::uint64_t hash(int parent, std::span<const text::TokenId> tokens);

  nn::KvCache& cache_;
  std::vector<Node> nodes_;  // [0] is the root
  std::vector<int> free_;
  std::unordered_multimap<std::uint64_t, int> full_;  // full blocks by parent and tokens
  std::uint64_t now_ = 0;
  int used_ = 0;
};

}  // namespace parley::engine
