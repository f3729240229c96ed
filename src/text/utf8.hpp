// UTF-8: decoding one code point at a time, checking, repairing. No locale, no allocation except in
// repair_utf8().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::text {

inline constexpr char32_t kReplacementCharacter = 0xFFFD;

struct CodePoint {
  char32_t value;      // U+FFFD where the bytes are not UTF-8
  std::size_t length;  // bytes taken, at least 1
  bool valid;
};

// REQUIRES: at < text.size(). An ill-formed sequence is taken as its longest well-formed prefix, at
// least one byte, as the Unicode standard recommends for U+FFFD substitution (section 3.9).
CodePoint decode_code_point(std::string_view text, std::size_t at);

// Appends UTF-8. Surrogates and values above U+10FFFF become U+FFFD.
void append_code_point(std::string& out, char32_t value);

bool is_ascii(std::string_view text);

// Offset of the first byte that is not part of well-formed UTF-8, or npos.
std::size_t find_invalid_utf8(std::string_view text);
inline bool is_valid_utf8(std::string_view text) {
  return find_invalid_utf8(text) == std::string_view::npos;
}

// Every ill-formed sequence becomes U+FFFD; `replaced`, if given, is increased by their number.
std::string repair_utf8(std::string_view text, std::size_t* replaced = nullptr);

// REQUIRES: valid UTF-8.
std::size_t count_code_points(std::string_view text);

// The longest prefix of at most `max_bytes` bytes that does not cut a code point.
std::string_view utf8_prefix(std::string_view text, std::size_t max_bytes);

// The first `count` characters, or all of `text` if it has fewer. An ill-formed byte counts as one.
std::string_view first_code_points(std::string_view text, std::size_t count);

}  // namespace parley::text
