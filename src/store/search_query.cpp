#include "store/search_query.hpp"

namespace parley::store {
namespace {

bool is_word_byte(unsigned char c) {
  return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// U+0E00..U+0EFF (Thai, Lao), U+1000..U+109F (Burmese), U+1780..U+17FF (Khmer), U+2E80 and up to
// U+DFFF (CJK, kana).
bool writes_without_spaces(std::string_view text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(text[i + 1]);
    if (lead == 0xE0 && next >= 0xB8 && next <= 0xBB) return true;
    if (lead == 0xE1 && (next == 0x80 || next == 0x81 || next == 0x9E || next == 0x9F)) return true;
    if ((lead == 0xE2 && next >= 0xBA) || (lead >= 0xE3 && lead <= 0xED)) return true;
  }
  return false;
}

}  // namespace

SearchQuery make_search_query(std::string_view typed) {
  SearchQuery query;
  query.like = "%";
  for (const char c : typed) {
    if (c == '%' || c == '_' || c == '\\') query.like += '\\';
    query.like += c;
  }
  query.like += "%";
  if (writes_without_spaces(typed)) return query;
  std::string word;
  const auto end_word = [&] {
    if (word.empty()) return;
    if (!query.match.empty()) query.match += ' ';
    query.match += '"' + word + "\"*";
    word.clear();
  };
  for (const char c : typed) {
    if (is_word_byte(static_cast<unsigned char>(c))) {
      word += c;
    } else {
      end_word();
    }
  }
  end_word();
  return query;
}

}  // namespace parley::store
