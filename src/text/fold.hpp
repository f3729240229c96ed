// Text as a search compares it: without case and without accents. Ill-formed UTF-8 reads as U+FFFD;
// the result is UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

// Every character in lower case (Unicode's simple case folding) and without the accents of its
// canonical decomposition: É becomes e, ộ o, ά α. Accents on their own (U+0300 to U+036F) vanish,
// so NFC and NFD read alike. What carries no accent stays whole: が, 각.
std::string fold_characters(std::string_view text);

// The words of `text` so folded, each with a space before it: " a quiet cafe". A word is a run of
// letters, marks and numbers; so a prefix of one is found by looking for " prefix".
std::string fold_words(std::string_view text);

}  // namespace parley::text
