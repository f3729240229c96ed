// From a token's spelling to its id: a hash table of ids beside the list of spellings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace parley::text {

// Thread-safe after construction. REQUIRES: the spellings outlive it, unchanged and in place.
class VocabularyIndex {
 public:
  VocabularyIndex() = default;
  // Empty spellings are left out; of equal spellings the last id counts.
  explicit VocabularyIndex(const std::vector<std::string>& spellings);

  // -1 when there is none.
  TokenId find(std::string_view spelling) const;

 private:
  const std::vector<std::string>* spellings_ = nullptr;
  std::vector<TokenId> slots_;  // open addressing, -1 is empty
};

}  // namespace parley::text
