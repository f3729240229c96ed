#include "tokenizer/vocabulary_index.hpp"

#include "tokenizer/word_cache.hpp"

namespace parley::text {

VocabularyIndex::VocabularyIndex(const std::vector<std::string>& spellings)
    : spellings_(&spellings) {
  std::size_t size = 16;
  while (size < spellings.size() * 2) size *= 2;
  slots_.assign(size, -1);
  for (std::size_t id = 0; id < spellings.size(); ++id) {
    if (spellings[id].empty()) continue;
    std::size_t i = hash_bytes(spellings[id]) & (size - 1);
    while (slots_[i] >= 0 && spellings[slots_[i]] != spellings[id]) i = (i + 1) & (size - 1);
    slots_[i] = static_cast<TokenId>(id);
  }
}

TokenId VocabularyIndex::find(std::string_view spelling) const {
  if (slots_.empty() || spelling.empty()) return -1;
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = hash_bytes(spelling) & mask;; i = (i + 1) & mask) {
    if (slots_[i] < 0) return -1;
    if ((*spellings_)[slots_[i]] == spelling) return slots_[i];
  }
}

}  // namespace parley::text
