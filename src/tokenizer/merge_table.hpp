// The merge rules of a byte-pair encoding, and the merging itself. Thread-safe after construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace parley::text {

class MergeTable {
 public:
  struct Rule {
    std::uint64_t pair = kNone;  // left id << 32 | right id
    std::uint32_t rank = 0;      // lower merges first; equal ranks merge leftmost first
    TokenId result = 0;
  };

  MergeTable() : MergeTable(0) {}
  explicit MergeTable(std::size_t rules);  // room for that many; it grows when there are more

  // A pair that is there already gets the new rank and result.
  void add(TokenId left, TokenId right, std::uint32_t rank, TokenId result);

  // The rule of a pair, or nullptr.
  const Rule* find(TokenId left, TokenId right) const {
    const std::uint64_t pair = key(left, right);
    for (std::size_t i = slot(pair);; i = (i + 1) & mask_) {
      if (rules_[i].pair == pair) return &rules_[i];
      if (rules_[i].pair == kNone) return nullptr;
    }
  }

  // Merges the pair of lowest rank, among equals the leftmost, until no pair has a rule. Short
  // words are scanned, long ones go through a heap over a linked list: O(n log n) for any input.
  // REQUIRES: symbols.size() < 2^31.
  // With `seen`, notes for every result that was possible the pair that could last have made it.
  using Seen = std::unordered_map<TokenId, std::pair<TokenId, TokenId>>;
  void merge(std::vector<TokenId>& symbols, Seen* seen = nullptr) const;

 private:
  static constexpr std::uint64_t kNone = ~0ull;
  static std::uint64_t key(TokenId left, TokenId right) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32 |
           static_cast<std::uint32_t>(right);
  }
  std::size_t slot(std::uint64_t pair) const {
    pair ^= pair >> 32;
    pair *= 0x9E3779B97F4A7C15ull;
    pair ^= pair >> 29;
    return pair & mask_;
  }
  void grow();
  void merge_short(std::vector<TokenId>& symbols) const;
  void merge_long(std::vector<TokenId>& symbols, Seen* seen) const;

  std::vector<Rule> rules_;  // open addressing, power-of-two size, at most half full
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
};

}  // namespace parley::text
