// Unicode classes the pre-tokenizers ask about, in one table look-up for the Basic Multilingual
// Plane.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::text {

// As bits, of which a character has at most one.
enum CharTrait : std::uint8_t {
  kUpper = 1,         // Lu, Lt
  kLower = 2,         // Ll
  kUncased = 4,       // Lm, Lo
  kMark = 8,          // M
  kNumeric = 16,      // N
  kWhite = 32,        // White_Space
  kPunctuation = 64,  // P
  kSymbol = 128,      // S
};
inline constexpr unsigned kAnyLetter = kUpper | kLower | kUncased;
// The traits of a character; 0 for controls, formats and unassigned code points.
unsigned char_traits(char32_t c);

struct DecodedChar {
  char32_t code;  // U+FFFD where the bytes are not UTF-8
  int length;     // bytes consumed: 1 for a byte that is not part of a valid sequence
};
// Decodes the character at text[at]; at < text.size(). Rejects overlong forms, surrogates and
// values past U+10FFFF.
DecodedChar decode_utf8(std::string_view text, std::size_t at);

void append_utf8(std::string& out, char32_t code);

}  // namespace parley::text
