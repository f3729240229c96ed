// Which tokens a grammar state allows, remembered between tokens, requests and grammars. Bounded:
// what was used longest ago goes first. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "constraint/pushdown.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::engine {

// Of the tokens that begin with a byte the state reads itself (its calls have masks of their own):
struct StateMask {
  // Those that stay within the rule of the state, or just end it. As a list when they are few.
  std::vector<text::TokenId> few;
  std::vector<std::uint32_t> bits;  // one bit for each token of the vocabulary, or empty
  // Nodes of the token trie where the rule has ended and tokens go on: what they go on with is for
  // the stack to decide.
  std::vector<std::uint32_t> resume_nodes;

  void add_to(std::span<std::uint32_t> mask) const;
  std::size_t bytes() const;
};

class MaskCache {
 public:
  explicit MaskCache(std::size_t max_bytes) : max_bytes_(max_bytes) {}
  std::shared_ptr<const StateMask> find(const StateKey& key);
  void insert(const StateKey& key, std::shared_ptr<const StateMask> mask);
  std::size_t bytes() const;

 private:
  struct Hash {
    std::size_t operator()(const StateKey& key) const;
  };
  struct Entry {
    std::shared_ptr<const StateMask> mask;
    std::uint64_t last_used = 0;
  };
  void evict();

  const std::size_t max_bytes_;
  mutable std::mutex mutex_;
  std::unordered_map<StateKey, Entry, Hash> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t uses_ = 0;
};

}  // namespace parley::engine
