#include "tokenizer/pre_tokenizer.hpp"

#include "tokenizer/word_split.hpp"

namespace parley::text {

const char* const kSplitPattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

std::size_t next_word(std::string_view text) {
  return match_word(WordSplit::kDigits3, text, 0);
}

}  // namespace parley::text
