// HTML character references. The named ones are those of HTML 4 (Latin-1, symbols, Greek) and
// &apos;.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

// The character of an entity's name without & and ; ("amp", "#39", "#x27"), or 0 if there is none.
char32_t entity_character(std::string_view name);

// Longest name entity_character() can know, "#" forms included.
inline constexpr std::size_t kMaxEntityName = 10;

// Decodes the references of `text` once, left to right, as an HTML parser does. REQUIRES: valid
// UTF-8.
std::string decode_entities(std::string_view text);

}  // namespace parley::text
