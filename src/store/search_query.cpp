#include "store/search_query.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/fold.hpp"
#include "text/utf8.hpp"

namespace parley::store {
namespace {

constexpr std::array<std::pair<char32_t, char32_t>, 6> kUnspacedScripts = {{
    {0x0E00, 0x0EFF},    // Thai, Lao
    {0x1000, 0x109F},    // Burmese
    {0x1780, 0x17FF},    // Khmer
    {0x2E80, 0xD7FF},    // Chinese, Japanese, Korean
    {0xF900, 0xFAFF},    // compatibility ideographs
    {0x20000, 0x3FFFF},  // rare ideographs
}};

bool writes_without_spaces(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint c = text::decode_code_point(text, at);
    at += c.length;
    for (const auto& [first, last] : kUnspacedScripts) {
      if (c.value >= first && c.value <= last) return true;
    }
  }
  return false;
}

}  // namespace

SearchQuery::SearchQuery(std::string_view typed) {
  if (!writes_without_spaces(typed)) {
    const std::string words = text::fold_words(typed);
    for (std::size_t at = 0; at < words.size();) {
      const std::size_t next = std::min(words.find(' ', at + 1), words.size());
      words_.push_back(words.substr(at, next - at));
      at = next;
    }
  }
  if (words_.empty()) piece_ = text::fold_characters(typed);
}

bool SearchQuery::matches(std::string_view text) const {
  if (words_.empty()) return text::fold_characters(text).find(piece_) != std::string::npos;
  const std::string folded = text::fold_words(text);
  return std::all_of(words_.begin(), words_.end(), [&](const std::string& word) {
    return folded.find(word) != std::string::npos;
  });
}

}  // namespace parley::store
