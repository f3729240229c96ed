// The tokenizer that every file format is read into: added tokens are found, the text between them
// is normalised, split into words, and each word becomes tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/piece_model.hpp"
#include "tokenizer/splitter.hpp"
#include "tokenizer/tokenizer.hpp"
#include "tokenizer/vocabulary_index.hpp"

namespace parley::text {

// What decoding leaves out at the start of a text.
enum class LeadingSpace {
  kKeep,
  kOne,        // one space
  kFirstToken  // every space of the first token (the Metaspace decoder)
};

struct TokenizerParts {
  std::vector<std::string> pieces;    // by id: the vocabulary's spelling; empty: no such token
  std::vector<std::string> bytes;     // by id: what the token reads as
  std::vector<std::uint8_t> special;  // by id: 1 for tokens that are not shown
  std::vector<AddedToken> added;
  std::vector<NormalizerPtr> normalizers;
  std::vector<SplitterPtr> splitters;
  std::unique_ptr<PieceModel> model;
  LeadingSpace leading_space = LeadingSpace::kKeep;
  TokenId bos = -1, eos = -1;
  bool add_bos = false, add_eos = false;
  // Before every text, where it is not empty; taken away again before a special token.
  std::string before_text;

  // Gives each added token its place among pieces, bytes and special.
  void place_added();
};

// Sets AddedToken::guarded: special tokens, those that spells_control() knows; and, unless they are
// but words and white space, those that begin or end a text or a turn, and those that stand in what
// the program writes.
void guard_added_tokens(std::vector<AddedToken>& tokens, const TokenizerHints& hints);

// REQUIRES: guard_added_tokens() has been called, so that the model knows the same guarded tokens.
class PipelineTokenizer : public Tokenizer {
 public:
  // `bytes` and `special` as long as `pieces`; ids of all parts within them.
  explicit PipelineTokenizer(TokenizerParts parts, const TokenizerHints& hints = {});

  using Tokenizer::encode;
  using Tokenizer::encode_with_special;
  int vocabulary_size() const override { return static_cast<int>(parts_.pieces.size()); }
  void encode(std::string_view text, std::vector<TokenId>& out) const override;
  void encode_with_special(std::string_view text, std::vector<TokenId>& out) const override;
  void encode_written(std::string_view text, std::string_view written,
                      std::vector<TokenId>& out) const override;
  std::string_view token_bytes(TokenId id) const override;
  std::size_t leading_space(TokenId id) const override;
  std::string_view piece(TokenId id) const override;
  TokenId find(std::string_view piece) const override { return index_.find(piece); }
  bool is_special(TokenId id) const override { return has(id) && parts_.special[id] != 0; }
  TokenId special(std::string_view spelling) const override;
  TokenId bos() const override { return parts_.bos; }
  TokenId eos() const override { return parts_.eos; }
  bool add_bos() const override { return parts_.add_bos; }
  bool add_eos() const override { return parts_.add_eos; }

 private:
  bool has(TokenId id) const { return id >= 0 && id < vocabulary_size(); }
  void encode_all(std::string_view text, const WrittenBytes& written,
                  std::vector<TokenId>& out) const;
  void encode_parts(std::string_view text, const WrittenBytes& written,
                    std::vector<TokenId>& out) const;
  void encode_plain(std::string_view text, bool at_start, WrittenBytes written,
                    std::vector<TokenId>& out) const;
  void split_from(std::size_t step, std::string_view text, bool at_start,
                  std::vector<TokenId>& out) const;

  TokenizerParts parts_;
  VocabularyIndex index_;
  AddedTokenMatcher raw_, normalized_;
  std::vector<TokenId> by_name_;  // special and added tokens
};

}  // namespace parley::text
