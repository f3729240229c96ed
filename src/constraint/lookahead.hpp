// Regular expressions with lookahead, "(?=…)" and "(?!…)": what follows a place must also match, or
// must not. Automata can say that of the whole rest of the text, by intersection and difference; so
// an expression is read from its end, each part in front of the texts that may follow it.
#pragma once

#include "constraint/automaton.hpp"
#include "constraint/encoding.hpp"
#include "constraint/expression.hpp"

namespace parley::engine {

// Anchors are symbols of their own around the text, taken away at the end.
inline constexpr Symbol kTextStart = kMaxCodePoint + 1, kTextEndMark = kMaxCodePoint + 2;

bool has_lookahead(const Expression& expression);

// The texts, to their very end, that begin with a match of `expression` and then go on with `rest`.
// `at_start`: the match begins where the text does. Errors: kInvalidInput for lookahead within an
// unbounded repetition, or with an anchor that may stand elsewhere than at the start.
Dfa followed_by(const Expression& expression, const Dfa& rest, bool at_start,
                const SizeLimit& limit);

// Any text and its end, or nothing where the end has been read.
Dfa any_rest(const SizeLimit& limit);

}  // namespace parley::engine
