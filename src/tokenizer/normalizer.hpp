// The steps that rewrite a text before it is split into words, as tokenizer.json and SentencePiece
// models name them. Bytes that are not UTF-8 pass through untouched unless a step says otherwise.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/charsmap.hpp"
#include "tokenizer/piece_trie.hpp"

namespace parley::text {

// Thread-safe.
class Normalizer {
 public:
  virtual ~Normalizer() = default;
  virtual void apply(std::string& text) const = 0;
};
using NormalizerPtr = std::unique_ptr<Normalizer>;

enum class UnicodeForm { kNfc, kNfd, kNfkc, kNfkd };

NormalizerPtr unicode_form(UnicodeForm form);
NormalizerPtr lowercase();
NormalizerPtr strip_white_space(bool left, bool right);
NormalizerPtr strip_accents();              // drops all marks (general category M)
NormalizerPtr prepend(std::string prefix);  // to texts that are not empty
NormalizerPtr replace_all(std::string pattern, std::string content);
NormalizerPtr replace_spaces(std::string content);  // each run of two or more spaces
// Every match of a regular expression. Errors: kInvalidInput, see regex_split.hpp.
NormalizerPtr replace_regex(std::string_view pattern, std::string content, std::string_view where);
NormalizerPtr nmt();  // drops control characters, makes odd white space plain
// The character map as Hugging Face applies it: per grapheme, the shortest rule.
NormalizerPtr precompiled(Charsmap map);

// All of SentencePiece's: the character map (longest rule), white space, the dummy prefix.
struct SentencePieceNormalization {
  Charsmap map;
  PieceTrie verbatim;  // user-defined symbols, kept as they are
  bool add_dummy_prefix = true;
  bool remove_extra_whitespaces = true;
  bool escape_whitespaces = true;
  bool whitespace_as_suffix = false;
};
// Bytes that are not UTF-8 become U+FFFD.
NormalizerPtr sentence_piece(SentencePieceNormalization rules);

}  // namespace parley::text
