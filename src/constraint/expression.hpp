// Patterns as trees: what regular expressions and GBNF rules have in common. A tree becomes an
// automaton once for every place where repetition puts it.
#pragma once

#include <memory>
#include <vector>

#include "constraint/automaton.hpp"
#include "constraint/char_set.hpp"

namespace parley::engine {

struct Expression;
using ExpressionPtr = std::unique_ptr<Expression>;

struct Expression {
  enum class Kind { kChars, kSymbol, kConcatenation, kAlternation, kRepeat, kLookahead };
  static constexpr int kUnbounded = -1;
  static constexpr int kMaxRepeat = 100'000;  // in {m,n}

  Kind kind = Kind::kConcatenation;  // of nothing: the empty text
  CharSet chars;                     // kChars: one of these
  Symbol symbol = 0;                 // kSymbol: an anchor, or the call of a rule
  std::vector<ExpressionPtr> parts;
  int least = 0, most = 0;  // kRepeat: how often parts[0]
  bool negated = false;     // kLookahead: parts[0] must not follow

  static ExpressionPtr make(Kind kind);
  static ExpressionPtr of_chars(CharSet chars);
  static ExpressionPtr of_symbol(Symbol symbol);
  static ExpressionPtr repeat(ExpressionPtr part, int least, int most);
};

enum class CharEncoding { kCodePoints, kUtf8 };

// Adds the ways through `expression` from one state to another. Errors: kInvalidInput when that
// takes more than half a million states. REQUIRES: no lookahead (lookahead.hpp). Recursion is as
// deep as the tree.
void add_expression(Nfa& nfa, std::uint32_t from, const Expression& expression, std::uint32_t to,
                    CharEncoding encoding, const SizeLimit& limit);

}  // namespace parley::engine
