// The insides of JSON strings that an automaton describes, and how many characters its words may
// have: what a counted string of pushdown.hpp is made of. The count stands beside the automaton, so
// that a pattern and "maxLength": 10000 take no more states than the pattern. Immutable.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "constraint/automaton.hpp"

namespace parley::engine {

class CountedWords {
 public:
  static constexpr std::uint32_t kNone = ~0u, kUnbounded = ~0u;

  // `bytes` as encode_json_string() makes it, not empty. Null where it takes too much memory to say
  // which lengths up to `most` (or kUnbounded) its words have.
  static std::shared_ptr<const CountedWords> make(const Dfa& bytes, std::uint32_t most);
  // Every string.
  static const std::shared_ptr<const CountedWords>& any();

  std::uint32_t states() const { return static_cast<std::uint32_t>(dfa_.states.size()); }
  // By a byte of a character, which the closing quote is not; kNone: no way on.
  std::uint32_t step(std::uint32_t state, std::uint8_t byte) const;
  bool accepting(std::uint32_t state) const { return dfa_.states[state].accepting; }
  // Between two characters.
  bool is_between(std::uint32_t state) const { return between_[state] != 0; }
  // Some word goes on with `least` to `most` more characters, the unfinished one among them.
  bool may_go_on(std::uint32_t state, std::uint32_t least, std::uint32_t most) const;
  // Beyond so many characters only whether there is a bound matters.
  std::uint32_t horizon() const { return rows_ - 1; }
  std::uint64_t fingerprint() const { return fingerprint_; }
  const Dfa& dfa() const { return dfa_; }
  std::size_t bytes() const;

 private:
  explicit CountedWords(Dfa dfa) : dfa_(std::move(dfa)) {}
  void find_characters();
  bool find_lengths(std::uint32_t most);

  Dfa dfa_;
  std::vector<std::uint8_t> between_;  // by state
  std::uint32_t rows_ = 1;
  // Row k, by state: the least number, k or more, of characters after which a word can end; or
  // kNone. The last row holds for all numbers after it.
  std::vector<std::uint32_t> next_end_;
  std::uint64_t fingerprint_ = 0;
};

}  // namespace parley::engine
