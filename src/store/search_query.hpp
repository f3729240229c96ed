// What a person types into a search box, and whether a text has it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace parley::store {

// A text matches that has, for every word that was typed, a word beginning with it, whatever their
// case, accents and order. Scripts written without spaces (Chinese, Japanese, Thai, …) are one long
// word, so what is typed in them, or without any letter or digit, is looked for as it stands.
class SearchQuery {
 public:
  explicit SearchQuery(std::string_view typed);

  bool matches_everything() const { return words_.empty() && piece_.empty(); }
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> words_;  // folded, with their space before them: text/fold.hpp
  std::string piece_;               // folded; when there are no words
};

}  // namespace parley::store
