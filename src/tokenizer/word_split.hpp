// The regular expressions that byte-level checkpoints publish for cutting text into words, written
// by hand: each is recognised by its exact spelling and matched without a regex engine, in time
// linear in the text. Any other expression takes regex_split.hpp's slower way.
//
// White space is the property White_Space, letters and numbers the categories L* and N* (of ICU's
// Unicode version). A byte that is not UTF-8 is no letter, number, mark or white space.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace parley::text {

enum class WordSplit {
  kGpt2,         // 's|'t|… ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  kDigits3,      // Llama 3, cl100k: numbers in threes, contractions in any case
  kDigits1,      // Qwen 2 and 3: the same with single digits
  kDigitsAny,    // the same with whole numbers
  kMarks1,       // Qwen 3.5: words hold marks, single digits
  kO200k,        // GPT-4o: words end where an upper-case letter follows a lower-case one
  kTekken,       // Mistral: the same without contractions, single digits
  kDeepSeek,     // DeepSeek V3's third step; leaves some characters unmatched
  kThreeDigits,  // \p{N}{1,3}
  kHanKana,      // [一-龥぀-ゟ゠-ヿ]+
  kThreeAscii,   // [0-9][0-9][0-9]
};

// The split of this regular expression, if it is a known one.
std::optional<WordSplit> known_split(std::string_view regex);

// The expression that recognises a split, one of its spellings.
std::string_view split_pattern(WordSplit split);

// Length in bytes of the match at text[at], 0 when the expression does not match there.
// REQUIRES: at < text.size(), at the start of a character.
std::size_t match_word(WordSplit split, std::string_view text, std::size_t at);

}  // namespace parley::text
