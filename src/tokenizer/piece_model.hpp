// The last step of encoding: one word of normalised text to token ids.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/tokenizer.hpp"

namespace parley::text {

inline constexpr std::string_view kSpaceSymbol = "\xE2\x96\x81";  // U+2581, for a space

// Thread-safe.
class PieceModel {
 public:
  virtual ~PieceModel() = default;
  virtual void encode(std::string_view word, std::vector<TokenId>& out) const = 0;
};

// Where a text may be cut into words that can be tokenised one by one with the same result as the
// whole: before a space symbol that no token holds after the same character. SentencePiece-style
// models see whole paragraphs as one word; cut this way, their words repeat and can be cached.
class SafeCuts {
 public:
  // `spellings` are all tokens that can come out of plain text. Nothing is cut unless the space
  // symbol is a token of its own.
  explicit SafeCuts(const std::vector<std::string_view>& spellings);
  SafeCuts() = default;

  // Length of the first word of `text`, which is not empty.
  std::size_t next(std::string_view text) const;

 private:
  bool enabled_ = false;
  // Last byte of the characters that some token holds before a space symbol: the byte decides, as
  // being wrong about a character only leaves two words together.
  bool joined_[256] = {};
};

}  // namespace parley::text
