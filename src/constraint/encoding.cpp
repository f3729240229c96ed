#include "constraint/encoding.hpp"

#include <algorithm>
#include <array>

#include "text/utf8.hpp"

namespace parley::engine {
namespace {

constexpr Symbol kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF;

// Numbers low..high written with `digits` digits of `bits` bits each become chains of digit ranges:
// at most two for each digit. `add_digit(from, low, high, to)` adds one digit's edges.
template <class AddDigit>
class DigitRanges {
 public:
  DigitRanges(Nfa& nfa, int bits, AddDigit add_digit)
      : nfa_(nfa), bits_(bits), add_digit_(add_digit) {}

  void add(std::uint32_t from, Symbol low, Symbol high, int digits, std::uint32_t to) {
    const int shift = bits_ * (digits - 1);
    const Symbol rest = (Symbol{1} << shift) - 1;
    Symbol first = low >> shift, last = high >> shift;
    if (digits == 1) {
      add_digit_(from, first, last, digits, to);
      return;
    }
    if (first == last) {
      add_below(from, first, first, low & rest, high & rest, digits, to);
      return;
    }
    if ((low & rest) != 0) {
      add_below(from, first, first, low & rest, rest, digits, to);
      ++first;
    }
    if ((high & rest) != rest) {
      add_below(from, last, last, 0, high & rest, digits, to);
      if (last == first) return;
      --last;
    }
    if (first <= last) add_below(from, first, last, 0, rest, digits, to);
  }

 private:
  void add_below(std::uint32_t from, Symbol first, Symbol last, Symbol low, Symbol high, int digits,
                 std::uint32_t to) {
    const std::uint32_t next = nfa_.add_state();
    add_digit_(from, first, last, digits, next);
    add(next, low, high, digits - 1, to);
  }

  Nfa& nfa_;
  int bits_;
  AddDigit add_digit_;
};

template <class Visit>
void without_surrogates(Symbol low, Symbol high, Visit visit) {
  high = std::min(high, kMaxCodePoint);
  if (low < kFirstSurrogate) visit(low, std::min(high, kFirstSurrogate - 1));
  if (high > kLastSurrogate) visit(std::max(low, kLastSurrogate + 1), high);
}

void add_utf8(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
  struct Length {
    Symbol first, last;
    int bytes;
    Symbol lead;
  };
  static constexpr std::array<Length, 4> kLengths{{{0, 0x7F, 1, 0},
                                                   {0x80, 0x7FF, 2, 0xC0},
                                                   {0x800, 0xFFFF, 3, 0xE0},
                                                   {0x10000, kMaxCodePoint, 4, 0xF0}}};
  for (const Length& length : kLengths) {
    const Symbol a = std::max(low, length.first), b = std::min(high, length.last);
    if (a > b) continue;
    if (length.bytes == 1) {
      nfa.add_edge(from, a, b, to);
      continue;
    }
    const auto add_byte = [&](std::uint32_t s, Symbol x, Symbol y, int left, std::uint32_t t) {
      const Symbol mark = left == length.bytes ? length.lead : 0x80;
      nfa.add_edge(s, mark | x, mark | y, t);
    };
    DigitRanges(nfa, 6, add_byte).add(from, a, b, length.bytes, to);
  }
}

void add_hex_range(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
  const auto add_digit = [&](std::uint32_t s, Symbol x, Symbol y, int, std::uint32_t t) {
    if (x <= 9) nfa.add_edge(s, '0' + x, '0' + std::min<Symbol>(y, 9), t);
    if (y >= 10) {
      const Symbol first = std::max<Symbol>(x, 10) - 10;
      nfa.add_edge(s, 'a' + first, 'a' + y - 10, t);
      nfa.add_edge(s, 'A' + first, 'A' + y - 10, t);
    }
  };
  DigitRanges(nfa, 4, add_digit).add(from, low, high, 4, to);
}

// \uD83D\uDE00 and its like.
void add_surrogate_pairs(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
  low -= 0x10000, high -= 0x10000;
  const auto add_block = [&](Symbol first, Symbol last, Symbol from_low, Symbol to_low) {
    const std::uint32_t lead = nfa.add_state(), tail = nfa.add_state();
    add_hex_range(nfa, from, kFirstSurrogate + first, kFirstSurrogate + last, lead);
    nfa.add_bytes(lead, "\\u", tail);
    add_hex_range(nfa, tail, 0xDC00 + from_low, 0xDC00 + to_low, to);
  };
  Symbol first = low >> 10, last = high >> 10;
  if (first == last) return add_block(first, first, low & 0x3FF, high & 0x3FF);
  if ((low & 0x3FF) != 0) add_block(first, first, low & 0x3FF, 0x3FF), ++first;
  if ((high & 0x3FF) != 0x3FF) {
    add_block(last, last, 0, high & 0x3FF);
    if (last == first) return;
    --last;
  }
  if (first <= last) add_block(first, last, 0, 0x3FF);
}

void add_json_range(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
  struct Short {
    Symbol value;
    char letter;
  };
  static constexpr std::array<Short, 8> kShort{{{'"', '"'},
                                                {'\\', '\\'},
                                                {'/', '/'},
                                                {'\b', 'b'},
                                                {'\f', 'f'},
                                                {'\n', 'n'},
                                                {'\r', 'r'},
                                                {'\t', 't'}}};
  // As themselves: all but controls, the quote and the backslash.
  static constexpr std::array<Edge, 3> kPlain{
      {{0x20, 0x21, 0}, {0x23, 0x5B, 0}, {0x5D, kMaxCodePoint, 0}}};
  for (const Edge& plain : kPlain) {
    const Symbol a = std::max(low, plain.low), b = std::min(high, plain.high);
    if (a <= b) add_utf8(nfa, from, a, b, to);
  }
  const std::uint32_t backslash = nfa.add_state(), hex = nfa.add_state();
  nfa.add_edge(from, '\\', '\\', backslash);
  nfa.add_edge(backslash, 'u', 'u', hex);
  for (const Short& s : kShort) {
    const auto letter = static_cast<Symbol>(s.letter);
    if (low <= s.value && s.value <= high) nfa.add_edge(backslash, letter, letter, to);
  }
  if (low <= 0xFFFF) add_hex_range(nfa, hex, low, std::min<Symbol>(high, 0xFFFF), to);
  if (high > 0xFFFF) add_surrogate_pairs(nfa, hex, std::max<Symbol>(low, 0x10000), high, to);
}

template <class AddRange>
Dfa encode(const Dfa& words, const SizeLimit& limit, AddRange add_range) {
  Nfa nfa;
  const std::uint32_t base = static_cast<std::uint32_t>(nfa.states.size());
  nfa.states.resize(base + words.states.size());
  nfa.add_epsilon(Nfa::kStart, base);
  constexpr std::size_t kMaxNfaStates = 1'000'000;
  for (std::uint32_t s = 0; s < words.states.size(); ++s) {
    if (words.states[s].accepting) nfa.add_epsilon(base + s, Nfa::kAccept);
    for (const Edge& e : words.states[s].edges) {
      without_surrogates(e.low, e.high, [&](Symbol low, Symbol high) {
        add_range(nfa, base + s, low, high, base + e.target);
      });
      if (nfa.states.size() > kMaxNfaStates) fail_too_large(limit);
    }
  }
  return determinize(nfa, limit);
}

}  // namespace

Dfa encode_utf8(const Dfa& words, const SizeLimit& limit) {
  return encode(words, limit, add_utf8);
}

Dfa encode_json_string(const Dfa& words, const SizeLimit& limit) {
  return encode(words, limit, add_json_range);
}

void add_utf8_range(Nfa& nfa, std::uint32_t from, Symbol low, Symbol high, std::uint32_t to) {
  without_surrogates(low, high, [&](Symbol a, Symbol b) { add_utf8(nfa, from, a, b, to); });
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  for (std::size_t i = 0; i < text.size();) {
    const text::CodePoint c = text::decode_code_point(text, i);
    out += c.value;
    i += c.length;
  }
  return out;
}

void add_any_code_point(Nfa& nfa, std::uint32_t from, std::uint32_t to) {
  without_surrogates(0, kMaxCodePoint,
                     [&](Symbol low, Symbol high) { nfa.add_edge(from, low, high, to); });
}

}  // namespace parley::engine
