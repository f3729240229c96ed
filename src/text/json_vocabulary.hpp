// The "model" and "added_tokens" of tokenizer.json.
#pragma once

#include <string>
#include <vector>

#include "base/json.hpp"
#include "text/added_tokens.hpp"
#include "text/bpe.hpp"

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

}  // namespace parley::text
