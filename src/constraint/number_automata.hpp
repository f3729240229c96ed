// JSON numbers within bounds, digit by digit: exact, with no rounding of any kind.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "constraint/automaton.hpp"

namespace parley::engine {

// A decimal number without an exponent: digits of the whole part (without leading zeros, so none
// for 0.5) and of the fraction (without trailing zeros).
struct Decimal {
  bool negative = false;
  std::string whole, fraction;
  bool is_zero() const { return whole.empty() && fraction.empty(); }
};

// Reads a JSON number. Nothing when its exponent is beyond ±400.
std::optional<Decimal> parse_decimal(std::string_view json_number);

enum class Bound { kAtLeast, kGreater, kAtMost, kLess };

// Numbers as JSON writes them without an exponent, of at most `whole` digits before the point and
// `fraction` after it (0: no point).
Dfa plain_number_dfa(std::size_t whole, std::size_t fraction, const SizeLimit& limit);
// The same with an exponent of one or two digits allowed.
Dfa scientific_number_dfa(std::size_t whole, std::size_t fraction, const SizeLimit& limit);
// All numbers without an exponent that keep to one bound, leading zeros and such included: meant to
// be intersected with plain_number_dfa().
Dfa bounded_number_dfa(Bound bound, const Decimal& limit);
// Likewise, the multiples of `step`. REQUIRES: step is not zero. Nothing when that takes too many
// states (a step of more than 4,000 units of its last digit).
std::optional<Dfa> multiple_dfa(const Decimal& step);

}  // namespace parley::engine
