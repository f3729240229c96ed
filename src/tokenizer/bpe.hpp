// The byte-pair encodings that Parley itself makes: byte-level ones that it trains, and
// SentencePiece-style ones that it imports. Checkpoints made elsewhere are read by
// tokenizer_json.hpp, sentence_piece_model.hpp, tiktoken.hpp and vocabulary_table.hpp.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tokenizer/pipeline_tokenizer.hpp"

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

class BpeTokenizer : public PipelineTokenizer {
 public:
  explicit BpeTokenizer(const BpeModel& model);  // Errors: kInvalidInput when a byte has no token
};

}  // namespace parley::text
