// What a person types into a search box, as a query of SQLite's full-text index.
#pragma once

#include <string>
#include <string_view>

namespace parley::store {

struct SearchQuery {
  std::string match;  // FTS5 expression: every word as a prefix; empty when LIKE must be used
  std::string like;   // LIKE pattern with '\' as escape character
};

// Scripts written without spaces (Chinese, Japanese, Thai, …) are one long word to the index, so
// they, and text without any letter or digit, are searched by LIKE.
SearchQuery make_search_query(std::string_view typed);

}  // namespace parley::store
