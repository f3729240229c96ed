// Byte-pair encoding of one word, in the forms that open checkpoints use:
//  - byte-level (GPT-2, Llama 3, Qwen): symbols start as bytes;
//  - by characters (Llama 2, Gemma, Mistral): symbols start as characters, a character that is not
//    in the vocabulary falls back to its bytes <0xNN> or to the unknown token;
//  - SentencePiece's own: like the former, but unknown characters take part in merges and are
//    replaced only afterwards, and unused pieces are taken apart again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "text/char_class.hpp"
#include "tokenizer/merge_table.hpp"
#include "tokenizer/piece_model.hpp"
#include "tokenizer/piece_trie.hpp"

namespace parley::text {

struct BpeRules {
  enum class Symbols { kBytes, kCharacters };
  Symbols symbols = Symbols::kBytes;
  MergeTable merges;
  // kBytes: the symbol of each byte. kCharacters: the token <0xNN>. -1: none.
  TokenId bytes[256];
  std::unordered_map<char32_t, TokenId> characters;
  bool byte_fallback = false;  // kCharacters: spell unknown characters with `bytes`
  TokenId unknown = -1;        // -1: unknown characters vanish
  bool fuse_unknown = false;   // a run of unknown characters is one token
  // SentencePiece: ids from here on stand for characters that are no token; 0 when there are none.
  TokenId first_stand_in = 0;
  std::vector<char32_t> stand_ins;   // the characters of those ids
  PieceTrie whole_words;             // words that are a token at once, without merging
  PieceTrie frozen;                  // user-defined symbols: taken first, longest, never merged
  std::vector<std::uint8_t> unused;  // by id: 1 for pieces that are taken apart again; or empty
  SafeCuts cuts;

  BpeRules() { std::fill(std::begin(bytes), std::end(bytes), -1); }
};

class BpePieces : public PieceModel {
 public:
  explicit BpePieces(BpeRules rules);
  void encode(std::string_view word, std::vector<TokenId>& out) const override;

 private:
  void encode_segment(std::string_view text, std::vector<TokenId>& out) const;
  void encode_word(std::string_view word, std::vector<TokenId>& out) const;
  void byte_symbols(std::string_view word, std::vector<TokenId>& symbols) const;
  void character_symbols(std::string_view word, std::vector<TokenId>& symbols) const;
  void replace_stand_ins(std::vector<TokenId>& symbols) const;
  void append_bytes(std::string_view bytes, std::vector<TokenId>& out) const;
  void merge_with_unused(std::vector<TokenId>& symbols) const;

  BpeRules rules_;
  TokenId ascii_[128];  // rules_.characters of the ASCII characters
  bool all_bytes_;
  std::uint32_t instance_ = next_instance();
  static std::uint32_t next_instance();
};

}  // namespace parley::text
