// Byte-pair encoding in its two published forms:
//  - byte-level (GPT-2, Llama 3, the models Parley trains): symbols start as bytes, words come from
//  the pre-tokenizer;
//  - SentencePiece-style (Llama 1 and 2): symbols start as characters, a space is U+2581, a
//  character that is not in
//    the vocabulary falls back to its bytes <0xNN>.
// Either way the adjacent pair with the lowest merge rank is merged until none is left.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "text/tokenizer.hpp"

namespace parley::text {

struct Merge {
  TokenId left, right, result;
};

// What a tokenizer is made of; saved as tokenizer.json (tokenizer_json.hpp).
struct BpeModel {
  enum class Kind { kByteLevel, kSentencePiece };
  Kind kind = Kind::kByteLevel;
  std::vector<std::string> tokens;    // by id: raw bytes; a special token's spelling
  std::vector<std::uint8_t> special;  // by id: 1 for special tokens
  std::vector<Merge> merges;          // in rank order
  bool add_space_prefix = false;      // SentencePiece: text starts as if after a space
};

class BpeTokenizer : public Tokenizer {
 public:
  explicit BpeTokenizer(BpeModel model);  // Errors: kInvalidInput when a byte has no token

  int vocabulary_size() const override { return static_cast<int>(model_.tokens.size()); }
  using Tokenizer::encode;
  void encode(std::string_view text, std::vector<TokenId>& out) const override;
  std::string_view token_bytes(TokenId id) const override;
  bool is_special(TokenId id) const override {
    return id >= 0 && id < vocabulary_size() && model_.special[id];
  }
  TokenId special(std::string_view spelling) const override;

 private:
  struct MergeSlot {
    std::uint64_t pair = ~0ull;
    std::uint32_t rank = 0;
    TokenId result = 0;
  };
  const MergeSlot* find_merge(TokenId left, TokenId right) const;
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;
  void merge_symbols(std::vector<TokenId>& symbols, std::vector<TokenId>& out) const;
  void encode_sentence_piece(std::string_view text, std::vector<TokenId>& out) const;

  BpeModel model_;
  std::vector<MergeSlot> merge_table_;  // open addressing, power-of-two size
  std::size_t merge_mask_ = 0;
  TokenId byte_token_[256] = {};
  std::unordered_map<std::string, TokenId> character_token_;  // SentencePiece: single characters
  std::uint32_t instance_;  // tells this tokenizer's entries apart in the per-thread word cache
};

}  // namespace parley::text
