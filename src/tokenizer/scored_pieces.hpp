// Vocabularies in which every piece has a score and a type: SentencePiece models, and the GGUF
// vocabularies that were made from them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/bpe_pieces.hpp"
#include "tokenizer/unigram.hpp"

namespace parley::text {

// The numbers are those of SentencePiece's files and of GGUF.
enum class PieceType : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,      // stands for what has no piece
  kControl = 3,      // never found in text
  kUserDefined = 4,  // always found in text, as a whole
  kUnused = 5,
  kByte = 6,  // "<0x0A>"
};

struct ScoredPieces {
  std::vector<std::string> pieces;    // by id
  std::vector<float> scores;          // as long
  std::vector<PieceType> types;       // as long
  std::vector<std::uint8_t> guarded;  // as long: 1 for what plain text never becomes
  bool byte_fallback = false;

  TokenId unknown() const;  // the first piece of that type, or -1
  // The user-defined pieces that plain text may become.
  PieceTrie user_defined() const;
};

// Byte-pair encoding by score: of the adjacent pieces whose concatenation is a piece, the one with
// the highest score is merged first.
BpeRules rules_by_score(const ScoredPieces& vocabulary);

UnigramRules unigram_rules(const ScoredPieces& vocabulary);

}  // namespace parley::text
