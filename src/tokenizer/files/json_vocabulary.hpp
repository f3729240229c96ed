// The "model" and "added_tokens" of tokenizer.json.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "tokenizer/added_tokens.hpp"
#include "tokenizer/bpe.hpp"

namespace parley::text {

struct JsonVocabulary {
  bool is_unigram = false;          // else BPE
  std::vector<std::string> pieces;  // by id, without added tokens that the model does not know
  std::vector<double> scores;       // Unigram, by id
  std::vector<Merge> merges;        // BPE, in rank order
  std::vector<AddedToken> added;
  TokenId unknown = -1;
  bool byte_fallback = false, fuse_unknown = false, ignore_merges = false;
};

// Errors: kInvalidInput "WHERE: model.merges[12] …".
JsonVocabulary read_json_vocabulary(const Json& root, const std::string& where);

inline constexpr TokenId kMaxVocabulary = 1 << 20;
inline constexpr std::size_t kMaxPiece = 4096;  // bytes

// Ids may have holes, but a small file must not make a large table: how far they may go.
inline std::size_t most_ids_for(std::size_t tokens) {
  return tokens * 2 + 4096;
}

}  // namespace parley::text
