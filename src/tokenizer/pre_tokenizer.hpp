// Splits text into the words that byte-pair merges of models trained here never cross. The split is
// the one Llama 3 publishes as a regular expression (WordSplit::kDigits3 of word_split.hpp):
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//   ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
// A byte that is not UTF-8 counts as a symbol character. The words, joined, are the text.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::text {

extern const char* const kSplitPattern;

// Length in bytes of the word at the start of `text`; text must not be empty.
std::size_t next_word(std::string_view text);

}  // namespace parley::text
