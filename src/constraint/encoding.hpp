// From automata over Unicode code points to automata over bytes.
#pragma once

#include <string>
#include <string_view>

#include "constraint/automaton.hpp"

namespace parley::engine {

inline constexpr Symbol kMaxCodePoint = 0x10FFFF;

// The UTF-8 text of every word of `words`. Surrogates have no UTF-8 and are left out.
Dfa encode_utf8(const Dfa& words, const SizeLimit& limit);

// The same as the inside of a JSON string, without the quotes: each code point in every way that
// RFC 8259 can write it (as itself, as \n and its like, as \u00e9 or a pair of surrogates).
Dfa encode_json_string(const Dfa& words, const SizeLimit& limit);

// The UTF-8 of the code points low to high, surrogates left out.
void add_utf8_range(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to);

// An edge for each code point that is no surrogate: the alphabet of all strings.
void add_any_code_point(Nfa& nfa, std::uint32_t from, std::uint32_t to);

// REQUIRES: valid UTF-8.
std::u32string code_points(std::string_view text);

}  // namespace parley::engine
