// Words repeat: a direct-mapped cache of recent words and their tokens, one per thread, one cache
// line an entry, shared by all tokenizers of the process (an entry names its tokenizer).
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "tokenizer/tokenizer.hpp"

namespace parley::text {

struct CachedWord {
  std::uint32_t instance = 0;  // of next_cache_instance(); 0 is an empty entry
  std::uint8_t length = 0;
  std::uint8_t count = 0;
  char bytes[22];
  float margin;  // Unigram: how clear the best segmentation was (unigram.hpp)
  TokenId ids[8];

  static constexpr std::size_t kMaxBytes = 22;

  bool holds(std::uint32_t owner, std::string_view word) const {
    return instance == owner && length == word.size() &&
           std::memcmp(bytes, word.data(), word.size()) == 0;
  }
  // REQUIRES: word.size() <= kMaxBytes. Does nothing when there are too many tokens.
  void store(std::uint32_t owner, std::string_view word, const TokenId* tokens, std::size_t n,
             float clear_by = 0) {
    if (n > 8) return;
    instance = owner;
    length = static_cast<std::uint8_t>(word.size());
    count = static_cast<std::uint8_t>(n);
    margin = clear_by;
    std::memcpy(bytes, word.data(), word.size());
    if (n > 0) std::memcpy(ids, tokens, n * sizeof(TokenId));
  }
};
static_assert(sizeof(CachedWord) == 64);

std::uint64_t hash_bytes(std::string_view text);

// The calling thread's entry for words of this hash.
CachedWord& cache_slot(std::uint64_t hash);

// Tells one tokenizer's entries from another's.
std::uint32_t next_cache_instance();

}  // namespace parley::text
