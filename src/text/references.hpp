// HTML's character references, as the HTML standard decodes them (by the Gumbo parser): every name,
// numbers with what they stand for in windows-1252, and the old names also without a semicolon.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

// The longest reference that has a meaning, without & and ; (leading zeros aside).
inline constexpr std::size_t kMaxReference = 32;

// What "&name;" stands for ("amp", "#39", "#x27"), or "" if it is no reference or none of a
// character.
std::string reference_text(std::string_view name);

// Decodes the references of `text` once, left to right, as an HTML parser does in text: what stands
// for no character becomes U+FFFD. REQUIRES: valid UTF-8.
std::string decode_references(std::string_view text);

}  // namespace parley::text
