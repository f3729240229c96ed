#include "constraint/char_set.hpp"

#include <string>

namespace parley::engine {

CharSet every_char() {
  CharSet set(0, 0x10FFFF);
  set.remove(0xD800, 0xDFFF);
  return set;
}

CharSet complement_of(const CharSet& set) {
  CharSet out = every_char();
  out.removeAll(set);
  return out;
}

std::optional<CharSet> escape_class(char32_t letter) {
  CharSet set;
  switch (letter) {
    case U'd':
    case U'D':
      set.add('0', '9');
      break;
    case U'w':
    case U'W':
      set.add('0', '9').add('A', 'Z').add('a', 'z').add('_');
      break;
    case U's':
    case U'S':
      set.add('\t', '\r').add(' ').add(0xA0).add(0x1680).add(0x2000, 0x200A).add(0x2028, 0x2029);
      set.add(0x202F).add(0x205F).add(0x3000).add(0xFEFF);
      break;
    default:
      return std::nullopt;
  }
  return letter < U'a' ? complement_of(set) : set;
}

std::optional<CharSet> property_class(std::string_view property) {
  constexpr std::size_t kLongest = 64;  // Unicode's property names are shorter
  if (property.size() > kLongest) return std::nullopt;
  for (const char c : property) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!plain && c != '_' && c != '=' && c != '-' && c != ' ') return std::nullopt;
  }
  UErrorCode status = U_ZERO_ERROR;
  const std::string pattern = "\\p{" + std::string(property) + "}";
  CharSet set(icu::UnicodeString::fromUTF8(pattern), status);
  if (U_FAILURE(status)) return std::nullopt;
  set.remove(0xD800, 0xDFFF).removeAllStrings();
  return set;
}

CharSet ignoring_case(CharSet set) {
  set.closeOver(USET_CASE_INSENSITIVE).removeAllStrings();
  return set;
}

}  // namespace parley::engine
