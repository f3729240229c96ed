#include "tokenizer/piece_model.hpp"

#include <cstring>

namespace parley::text {

SafeCuts::SafeCuts(const std::vector<std::string_view>& spellings) {
  const auto last = static_cast<unsigned char>(kSpaceSymbol.back());
  joined_[last] = true;  // runs of space symbols stay together
  for (const std::string_view spelling : spellings) {
    if (spelling == kSpaceSymbol) enabled_ = true;
    for (std::size_t at = spelling.find(kSpaceSymbol, 1); at != std::string_view::npos;
         at = spelling.find(kSpaceSymbol, at + 1)) {
      joined_[static_cast<unsigned char>(spelling[at - 1])] = true;
    }
  }
}

std::size_t SafeCuts::next(std::string_view text) const {
  if (!enabled_) return text.size();
  const char* begin = text.data();
  const char* end = begin + text.size();
  for (const char* at = begin + 1; at < end; ++at) {
    at = static_cast<const char*>(std::memchr(at, kSpaceSymbol[0], end - at));
    if (!at || end - at < 3) break;
    if (at[1] == kSpaceSymbol[1] && at[2] == kSpaceSymbol[2] &&
        !joined_[static_cast<unsigned char>(at[-1])]) {
      return at - begin;
    }
  }
  return text.size();
}

}  // namespace parley::text
