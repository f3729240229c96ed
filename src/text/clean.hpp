// Text cleaning: what every message and document goes through before it is stored. The result is
// valid UTF-8 in NFC without control characters, and cleaning it again changes nothing.
//
//   bytes       ill-formed UTF-8 becomes U+FFFD (importers that demand valid input check before)
//   characters  controls, byte order marks, zero-width spaces, soft hyphens, non-characters and
//               directional overrides go; U+FFFD stays
//   entities    &amp; &#39; &eacute; … become their character, also when escaped twice; only with
//               the semicolon, and not in code (code_spans.hpp)
//   NFC         Unicode normalisation form C
//   space       line ends become \n; no-break and typographic spaces become a space; runs of spaces
//               inside a line become one, a line's indentation stays; no space at line ends; at
//               most one empty line in a row; none around the text. Lines between ``` fences keep
//               their inner spaces.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

struct CleanOptions {
  bool entities =
      true;  // off for text that came out of a Markdown or HTML parser: it is unescaped already
};

// What a call changed; callers sum them up.
struct CleanChanges {
  bool bytes = false, characters = false, entities = false, nfc = false, space = false;
  bool any() const { return bytes || characters || entities || nfc || space; }
};

std::string clean_text(std::string_view text, CleanOptions options = {},
                       CleanChanges* changes = nullptr);

// True if `text` is in NFC. REQUIRES: valid UTF-8.
bool is_nfc(std::string_view text);
std::string to_nfc(std::string_view text);

}  // namespace parley::text
