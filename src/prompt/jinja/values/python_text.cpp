#include "prompt/jinja/values/python_text.hpp"

#include <unicode/uchar.h>

#include <algorithm>
#include <cstring>

#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

bool is_line_end(char32_t c) {
  return (c >= 0x0A && c <= 0x0D) || (c >= 0x1C && c <= 0x1E) || c == 0x85 || c == 0x2028 ||
         c == 0x2029;
}

// The offset of the code point that ends at `end`. REQUIRES: 0 < end.
std::size_t previous(std::string_view text, std::size_t end) {
  do {
    --end;
  } while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  return end;
}

template <typename Predicate>
std::string_view strip_if(std::string_view text, Side side, const Predicate& drop) {
  std::size_t begin = 0, end = text.size();
  if (side != Side::kRight) {
    while (begin < end) {
      const CodePoint c = decode_code_point(text, begin);
      if (!drop(c.value)) break;
      begin += c.length;
    }
  }
  if (side != Side::kLeft) {
    while (end > begin) {
      const std::size_t at = previous(text, end);
      if (!drop(decode_code_point(text, at).value)) break;
      end = at;
    }
  }
  return text.substr(begin, end - begin);
}

std::size_t skip_space(std::string_view text, std::size_t at, bool space) {
  while (at < text.size()) {
    const CodePoint c = decode_code_point(text, at);
    if (is_python_space(c.value) != space) break;
    at += c.length;
  }
  return at;
}

}  // namespace

std::size_t code_point_offset(std::string_view text, std::int64_t index) {
  if (is_ascii(text)) return std::min(text.size(), static_cast<std::size_t>(index));
  std::size_t at = 0;
  while (index > 0 && at < text.size()) {
    at += decode_code_point(text, at).length;
    --index;
  }
  return at;
}

std::vector<std::string_view> split_characters(std::string_view text) {
  std::vector<std::string_view> out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = decode_code_point(text, at).length;
    out.push_back(text.substr(at, size));
    at += size;
  }
  return out;
}

bool is_python_space(char32_t c) {
  if (c < 0x80) return c == ' ' || (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x1F);
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

bool is_printable(char32_t c) {
  if (c < 0x7F) return c >= 0x20;
  const auto hidden = U_GC_C_MASK | U_GC_Z_MASK;
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & hidden) == 0;
}

std::string_view strip(std::string_view text, Side side) {
  return strip_if(text, side, is_python_space);
}

std::string_view strip(std::string_view text, std::string_view characters, Side side) {
  std::vector<char32_t> set;
  for (std::size_t at = 0; at < characters.size();) {
    const CodePoint c = decode_code_point(characters, at);
    set.push_back(c.value);
    at += c.length;
  }
  std::sort(set.begin(), set.end());
  return strip_if(text, side,
                  [&](char32_t c) { return std::binary_search(set.begin(), set.end(), c); });
}

std::vector<std::string_view> split_space(std::string_view text, std::int64_t limit,
                                          bool from_right) {
  std::vector<std::string_view> out;
  if (!from_right) {
    std::size_t at = skip_space(text, 0, true);
    while (at < text.size()) {
      if (limit >= 0 && static_cast<std::int64_t>(out.size()) == limit) {
        out.push_back(strip(text.substr(at), Side::kRight));
        break;
      }
      const std::size_t end = skip_space(text, at, false);
      out.push_back(text.substr(at, end - at));
      at = skip_space(text, end, true);
    }
    return out;
  }
  text = strip(text, Side::kRight);
  while (!text.empty()) {
    if (limit >= 0 && static_cast<std::int64_t>(out.size()) == limit) {
      out.push_back(strip(text, Side::kLeft));
      break;
    }
    std::size_t begin = text.size();
    while (begin > 0) {
      const std::size_t at = previous(text, begin);
      if (is_python_space(decode_code_point(text, at).value)) break;
      begin = at;
    }
    out.push_back(text.substr(begin));
    text = strip(text.substr(0, begin), Side::kRight);
  }
  std::erase_if(out, [](std::string_view word) { return word.empty(); });
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string_view> split(std::string_view text, std::string_view separator,
                                    std::int64_t limit, bool from_right) {
  std::vector<std::string_view> out;
  if (!from_right) {
    std::size_t at = 0;
    while (limit < 0 || static_cast<std::int64_t>(out.size()) < limit) {
      const std::size_t end = find_part(text, separator, at);
      if (end == std::string_view::npos) break;
      out.push_back(text.substr(at, end - at));
      at = end + separator.size();
    }
    out.push_back(text.substr(at));
    return out;
  }
  while (limit < 0 || static_cast<std::int64_t>(out.size()) < limit) {
    const std::size_t at = find_last_part(text, separator);
    if (at == std::string_view::npos) break;
    out.push_back(text.substr(at + separator.size()));
    text = text.substr(0, at);
  }
  out.push_back(text);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::string_view> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string_view> out;
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    const std::size_t line_end = at;
    at += c.length;
    if (!is_line_end(c.value)) continue;
    if (c.value == '\r' && at < text.size() && text[at] == '\n') ++at;
    out.push_back(text.substr(begin, (keep_ends ? at : line_end) - begin));
    begin = at;
  }
  if (begin < text.size()) out.push_back(text.substr(begin));
  return out;
}

std::size_t find_part(std::string_view text, std::string_view part, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (part.empty()) return from;
  const void* found = memmem(text.data() + from, text.size() - from, part.data(), part.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

std::size_t find_last_part(std::string_view text, std::string_view part) {
  if (part.empty()) return text.size();
  if (part.size() > text.size()) return std::string_view::npos;
  // Knuth-Morris-Pratt over both texts reversed: the end of the text, where a part is mostly looked
  // for from the right, is read first, and no input makes it slower than linear.
  const std::size_t n = part.size();
  const auto reversed = [n, part](std::size_t i) { return part[n - 1 - i]; };
  std::vector<std::size_t> border(n, 0);
  for (std::size_t i = 1, k = 0; i < n; ++i) {
    while (k > 0 && reversed(i) != reversed(k)) k = border[k - 1];
    if (reversed(i) == reversed(k)) ++k;
    border[i] = k;
  }
  for (std::size_t at = text.size(), k = 0; at-- > 0;) {
    while (k > 0 && text[at] != reversed(k)) k = border[k - 1];
    if (text[at] == reversed(k)) ++k;
    if (k == n) return at;
  }
  return std::string_view::npos;
}

std::size_t count_parts(std::string_view text, std::string_view part) {
  if (part.empty()) return count_code_points(text) + 1;
  std::size_t count = 0;
  for (std::size_t at = find_part(text, part); at != std::string_view::npos;
       at = find_part(text, part, at + part.size())) {
    ++count;
  }
  return count;
}

std::size_t next_replaced(std::string_view text, std::string_view part, std::size_t at,
                          std::int64_t done) {
  if (!part.empty() || done == 0) return find_part(text, part, at);
  // Between all characters, and at the end.
  return at < text.size() ? at + decode_code_point(text, at).length : std::string_view::npos;
}

bool all_of_class(std::string_view text, CharacterClass what) {
  if (what == CharacterClass::kAscii) return is_ascii(text);
  if (text.empty()) return false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = decode_code_point(text, at);
    const auto c = static_cast<UChar32>(point.value);
    at += point.length;
    const bool alpha = (U_GET_GC_MASK(c) & U_GC_L_MASK) != 0;
    const int numeric = u_getIntPropertyValue(c, UCHAR_NUMERIC_TYPE);
    bool good = false;
    switch (what) {
      case CharacterClass::kAlpha:
        good = alpha;
        break;
      case CharacterClass::kDecimal:
        good = numeric == U_NT_DECIMAL;
        break;
      case CharacterClass::kDigit:
        good = numeric == U_NT_DECIMAL || numeric == U_NT_DIGIT;
        break;
      case CharacterClass::kNumeric:
        good = numeric != U_NT_NONE;
        break;
      case CharacterClass::kAlnum:
        good = alpha || numeric != U_NT_NONE;
        break;
      case CharacterClass::kSpace:
        good = is_python_space(point.value);
        break;
      case CharacterClass::kAscii:
        break;
    }
    if (!good) return false;
  }
  return true;
}

}  // namespace parley::text::jinja
