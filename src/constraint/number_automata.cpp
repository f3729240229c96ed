#include "constraint/number_automata.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

namespace parley::engine {
namespace {

enum Order { kBelow, kEqual, kAbove };  // a number so far, against a bound

Dfa number_dfa(std::size_t whole, std::size_t fraction, bool exponent, const SizeLimit& limit) {
  Nfa nfa;
  const std::uint32_t digits = nfa.add_state(), end_whole = nfa.add_state();
  nfa.add_epsilon(Nfa::kStart, digits);
  nfa.add_edge(Nfa::kStart, '-', '-', digits);
  nfa.add_edge(digits, '0', '0', end_whole);
  std::uint32_t at = nfa.add_state();
  nfa.add_edge(digits, '1', '9', at);
  for (std::size_t i = 1;; ++i) {
    nfa.add_epsilon(at, end_whole);
    if (i >= whole) break;
    const std::uint32_t next = nfa.add_state();
    nfa.add_edge(at, '0', '9', next);
    at = next;
  }
  const std::uint32_t end = nfa.add_state();
  nfa.add_epsilon(end_whole, end);
  at = nfa.add_state();
  if (fraction > 0) nfa.add_edge(end_whole, '.', '.', at);
  for (std::size_t i = 0; i < fraction; ++i) {
    const std::uint32_t next = nfa.add_state();
    nfa.add_edge(at, '0', '9', next);
    nfa.add_epsilon(next, end);
    at = next;
  }
  nfa.add_epsilon(end, Nfa::kAccept);
  if (exponent) {
    const std::uint32_t e = nfa.add_state(), sign = nfa.add_state(), last = nfa.add_state();
    nfa.add_edge(end, 'e', 'e', e);
    nfa.add_edge(end, 'E', 'E', e);
    nfa.add_epsilon(e, sign);
    nfa.add_edge(e, '+', '+', sign);
    nfa.add_edge(e, '-', '-', sign);
    nfa.add_edge(sign, '0', '9', last);
    nfa.add_edge(last, '0', '9', Nfa::kAccept);
    nfa.add_epsilon(last, Nfa::kAccept);
  }
  return determinize(nfa, limit);
}

// Adds to `nfa`, from `from` on, the numbers without sign that stand in one of the `wanted` orders
// to the bound's magnitude.
void add_magnitudes(Nfa& nfa, std::uint32_t from, const Decimal& bound,
                    std::initializer_list<Order> wanted) {
  const std::size_t whole = std::max<std::size_t>(bound.whole.size(), 1);  // "0" for 0.5
  const std::string digits = bound.whole.empty() ? "0" : bound.whole;
  const auto is_wanted = [&](Order o) {
    return std::find(wanted.begin(), wanted.end(), o) != wanted.end();
  };
  // Before the point: how many digits, and how they compare with as many of the bound's.
  std::vector<std::array<std::uint32_t, 3>> before(whole + 1), after(bound.fraction.size() + 1);
  for (auto& row : before) row = {nfa.add_state(), nfa.add_state(), nfa.add_state()};
  for (auto& row : after) row = {nfa.add_state(), nfa.add_state(), nfa.add_state()};
  const std::uint32_t longer = nfa.add_state();
  nfa.add_epsilon(from, before[0][kEqual]);
  const auto add_digit = [&](const std::array<std::uint32_t, 3>& row,
                             const std::array<std::uint32_t, 3>& next, char digit) {
    const auto d = static_cast<Symbol>(digit);
    nfa.add_edge(row[kBelow], '0', '9', next[kBelow]);
    nfa.add_edge(row[kAbove], '0', '9', next[kAbove]);
    if (d > '0') nfa.add_edge(row[kEqual], '0', d - 1, next[kBelow]);
    nfa.add_edge(row[kEqual], d, d, next[kEqual]);
    if (d < '9') nfa.add_edge(row[kEqual], d + 1, '9', next[kAbove]);
  };
  for (std::size_t i = 0; i < whole; ++i) add_digit(before[i], before[i + 1], digits[i]);
  // Fewer whole digits than the bound: smaller. More: greater.
  for (std::size_t i = 1; i < whole; ++i) {
    for (const std::uint32_t s : before[i]) nfa.add_edge(s, '.', '.', after.back()[kBelow]);
    if (is_wanted(kBelow)) {
      for (const std::uint32_t s : before[i]) nfa.add_epsilon(s, Nfa::kAccept);
    }
  }
  for (const std::uint32_t s : before[whole]) nfa.add_edge(s, '0', '9', longer);
  nfa.add_edge(longer, '0', '9', longer);
  nfa.add_edge(longer, '.', '.', after.back()[kAbove]);
  if (is_wanted(kAbove)) nfa.add_epsilon(longer, Nfa::kAccept);
  for (const Order o : {kBelow, kEqual, kAbove}) {
    nfa.add_edge(before[whole][o], '.', '.', after[0][o]);
  }
  const auto finish = [&](const std::array<std::uint32_t, 3>& row, bool more_in_bound) {
    if (is_wanted(kBelow)) nfa.add_epsilon(row[kBelow], Nfa::kAccept);
    if (is_wanted(kAbove)) nfa.add_epsilon(row[kAbove], Nfa::kAccept);
    if (is_wanted(more_in_bound ? kBelow : kEqual)) nfa.add_epsilon(row[kEqual], Nfa::kAccept);
  };
  const std::size_t fraction = bound.fraction.size();
  finish(before[whole], fraction > 0);
  for (std::size_t i = 0; i < fraction; ++i) {
    add_digit(after[i], after[i + 1], bound.fraction[i]);
    finish(after[i], true);
  }
  finish(after[fraction], false);
  nfa.add_edge(after[fraction][kBelow], '0', '9', after[fraction][kBelow]);
  nfa.add_edge(after[fraction][kAbove], '0', '9', after[fraction][kAbove]);
  nfa.add_edge(after[fraction][kEqual], '0', '0', after[fraction][kEqual]);
  nfa.add_edge(after[fraction][kEqual], '1', '9', after[fraction][kAbove]);
}

}  // namespace

std::optional<Decimal> parse_decimal(std::string_view text) {
  Decimal out;
  if (text.starts_with('-')) out.negative = true, text.remove_prefix(1);
  std::string digits;
  std::ptrdiff_t point = -1;
  std::size_t i = 0;
  for (; i < text.size() && text[i] != 'e' && text[i] != 'E'; ++i) {
    if (text[i] == '.') {
      point = static_cast<std::ptrdiff_t>(digits.size());
    } else {
      digits += text[i];
    }
  }
  if (point < 0) point = static_cast<std::ptrdiff_t>(digits.size());
  if (i < text.size()) {
    std::string_view power = text.substr(i + 1);
    const bool down = power.starts_with('-');
    if (down || power.starts_with('+')) power.remove_prefix(1);
    int value = 0;
    constexpr int kMaxExponent = 400;
    for (const char c : power) {
      value = value * 10 + (c - '0');
      if (value > kMaxExponent) return std::nullopt;
    }
    point += down ? -value : value;
  }
  if (point < 0) digits.insert(0, static_cast<std::size_t>(-point), '0'), point = 0;
  const auto whole = static_cast<std::size_t>(point);
  if (digits.size() < whole) digits.append(whole - digits.size(), '0');
  out.whole = digits.substr(0, whole);
  out.fraction = digits.substr(whole);
  out.whole.erase(0, std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  const std::size_t last = out.fraction.find_last_not_of('0');
  out.fraction.erase(last == std::string::npos ? 0 : last + 1);
  if (out.is_zero()) out.negative = false;
  return out;
}

Dfa plain_number_dfa(std::size_t whole, std::size_t fraction, const SizeLimit& limit) {
  return number_dfa(whole, fraction, false, limit);
}

Dfa scientific_number_dfa(std::size_t whole, std::size_t fraction, const SizeLimit& limit) {
  return number_dfa(whole, fraction, true, limit);
}

Dfa bounded_number_dfa(Bound bound, const Decimal& limit) {
  const bool upper = bound == Bound::kAtMost || bound == Bound::kLess;
  const bool strict = bound == Bound::kGreater || bound == Bound::kLess;
  Nfa nfa;
  const std::uint32_t minus = nfa.add_state();
  nfa.add_edge(Nfa::kStart, '-', '-', minus);
  Decimal zero;
  // Numbers of the bound's own sign are compared by magnitude; -0 equals 0, so both signs are
  // compared where the bound is 0, and against 0 where the signs differ.
  const auto add_side = [&](bool negative) {
    const std::uint32_t from = negative ? minus : Nfa::kStart;
    const bool same = limit.negative == negative || limit.is_zero();
    const bool want_larger = upper == negative;  // magnitudes above the bound's are wanted
    if (same && want_larger) {
      strict ? add_magnitudes(nfa, from, limit, {kAbove})
             : add_magnitudes(nfa, from, limit, {kAbove, kEqual});
    } else if (same) {
      strict ? add_magnitudes(nfa, from, limit, {kBelow})
             : add_magnitudes(nfa, from, limit, {kBelow, kEqual});
    } else if (upper != limit.negative) {
      // An upper bound above zero allows every negative number, a lower one below zero every
      // positive number.
      add_magnitudes(nfa, from, zero, {kAbove, kEqual});
    }
  };
  add_side(false);
  add_side(true);
  return determinize(nfa, {20'000, "number bound"});
}

std::optional<Dfa> multiple_dfa(const Decimal& step) {
  constexpr std::uint64_t kMaxUnits = 4'000;
  constexpr std::size_t kMaxStates = 20'000;
  std::uint64_t units = 0;  // the step in units of its last digit
  for (const char c : step.whole + step.fraction) {
    units = units * 10 + static_cast<std::uint64_t>(c - '0');
    if (units > kMaxUnits) return std::nullopt;
  }
  const std::size_t places = step.fraction.size();
  if (units * (places + 2) > kMaxStates) return std::nullopt;
  // State (phase, remainder): phase 0 before the point, 1 + i after i digits of the fraction.
  Nfa nfa;
  const auto base = static_cast<std::uint32_t>(nfa.states.size());
  nfa.states.resize(base + units * (places + 2));
  const auto state = [&](std::size_t phase, std::uint64_t remainder) {
    return base + static_cast<std::uint32_t>(phase * units + remainder);
  };
  nfa.add_epsilon(Nfa::kStart, state(0, 0));
  nfa.add_edge(Nfa::kStart, '-', '-', state(0, 0));
  for (std::uint64_t r = 0; r < units; ++r) {
    for (Symbol d = 0; d < 10; ++d) {
      const std::uint64_t next = (r * 10 + d) % units;
      nfa.add_edge(state(0, r), '0' + d, '0' + d, state(0, next));
      for (std::size_t i = 0; i < places; ++i) {
        nfa.add_edge(state(1 + i, r), '0' + d, '0' + d, state(2 + i, next));
      }
    }
    nfa.add_edge(state(0, r), '.', '.', state(1, r));
    nfa.add_edge(state(1 + places, r), '0', '0', state(1 + places, r));  // zeros change nothing
    for (std::size_t phase = 0; phase <= places + 1; ++phase) {
      std::uint64_t rest = r;  // with the digits that are not written
      for (std::size_t i = phase == 0 ? 0 : phase - 1; i < places; ++i) rest = rest * 10 % units;
      if (rest == 0) nfa.add_epsilon(state(phase, r), Nfa::kAccept);
    }
  }
  return determinize(nfa, {kMaxStates + 2, "multipleOf"});
}

}  // namespace parley::engine
