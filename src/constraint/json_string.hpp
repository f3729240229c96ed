// The automaton of one JSON string of any length, quotes included, as both the grammar of JSON and
// the counted strings of pushdown.hpp use it.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "constraint/automaton.hpp"

namespace parley::engine {

// Bytes "…" of every JSON string.
const Dfa& json_string_dfa();
// The same without the quotes.
Dfa json_characters_dfa();

// The states between the quotes: kHub where a character may begin or the string end, the others
// within a character.
class JsonCharacters {
 public:
  static constexpr std::uint32_t kHub = 0, kNone = ~0u;
  static const JsonCharacters& get();
  std::uint32_t states() const { return static_cast<std::uint32_t>(next_.size()); }
  // REQUIRES: state < states(). The closing quote is no character: kNone.
  std::uint32_t step(std::uint32_t state, std::uint8_t byte) const { return next_[state][byte]; }

 private:
  JsonCharacters();
  std::vector<std::array<std::uint32_t, 256>> next_;
};

}  // namespace parley::engine
