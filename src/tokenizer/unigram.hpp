// The unigram language model: of all ways to spell a word with pieces, the one whose scores sum
// highest (Viterbi). Two published forms differ in the last bit and are both kept exact: Hugging
// Face sums in double from the start of each word, SentencePiece in float from the start of the
// text. A character that no piece starts with alone costs the lowest score less 10 and becomes the
// unknown token or its bytes. Equal sums: the longest last piece wins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/piece_model.hpp"
#include "tokenizer/piece_trie.hpp"

namespace parley::text {

struct UnigramRules {
  PieceTrie pieces;            // what plain text may become
  std::vector<double> scores;  // by id
  double unknown_score = 0;    // of a character that is no piece
  TokenId unknown = -1;
  TokenId bytes[256];  // tokens <0xNN>, -1: none
  bool byte_fallback = false;
  bool single_precision = false;  // SentencePiece: sums in float, over the whole text
  SafeCuts cuts;

  UnigramRules() { std::fill(std::begin(bytes), std::end(bytes), -1); }
};

class UnigramPieces : public PieceModel {
 public:
  explicit UnigramPieces(UnigramRules rules);
  // REQUIRES: UTF-8 (a stray byte counts as a character that is no piece).
  void encode(std::string_view text, std::vector<TokenId>& out) const override;

 private:
  template <typename Score>
  void encode_text(std::string_view text, std::vector<TokenId>& out) const;
  template <typename Score>
  struct Segmentation {
    Score sum;      // of the scores up to the word's end
    double margin;  // by how much the best way beat the second best where they were closest
    bool unknown;   // a character was no piece
  };
  template <typename Score>
  Segmentation<Score> segment(std::string_view word, Score carried,
                              std::vector<TokenId>& out) const;
  void append_unknown(std::string_view characters, std::vector<TokenId>& out) const;

  UnigramRules rules_;
  std::uint32_t instance_;
};

}  // namespace parley::text
