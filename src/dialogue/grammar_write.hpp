// Writes one conversation from a checked grammar.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dialogue/grammar_ast.hpp"
#include "prompt/chat_format.hpp"

namespace parley::dialogue {

// SplitMix64: the same numbers on every machine, unlike the standard library's distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }  // [0, 1)
  std::size_t below(std::size_t n) {
    return static_cast<std::size_t>(share() * static_cast<double>(n));
  }

 private:
  std::uint64_t state_;
};

// Returns the messages, or nothing when this draw led nowhere (no row meets a filter, no
// alternative applies, too deep): `problem` then says why, as "FILE:LINE: …".
std::vector<text::ChatMessage> write_dialogue(const Grammar& grammar, Random& random,
                                              std::string& problem);

// Single spaces, none before punctuation, capitals where sentences start. Exposed for tests.
std::string tidy(std::string_view text);
// One slip of the fingers in one word of at least five letters.
std::string with_typo(const std::string& text, Random& random);

}  // namespace parley::dialogue
