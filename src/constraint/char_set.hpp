// Sets of code points as regular expressions and GBNF write them. Surrogates are never members.
#pragma once

#include <unicode/uniset.h>

#include <optional>
#include <string_view>

namespace parley::engine {

using CharSet = icu::UnicodeSet;

CharSet every_char();
CharSet complement_of(const CharSet& set);
// What \d \D \w \W \s \S stand for in ECMAScript; nothing for other letters.
std::optional<CharSet> escape_class(char32_t letter);
// What \p{PROPERTY} stands for; nothing when Unicode has no such property.
std::optional<CharSet> property_class(std::string_view property);
// With every other case of its members.
CharSet ignoring_case(CharSet set);

}  // namespace parley::engine
