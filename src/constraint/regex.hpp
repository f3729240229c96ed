// Regular expressions as automata over Unicode code points: the syntax that ECMAScript, PCRE and
// Python share. Alternation, groups (capturing, named, non-capturing), * + ? {m} {m,} {m,n} with
// their lazy forms (which are the same language), classes, \d \w \s as ECMAScript defines them,
// \p{…}, \xHH \uHHHH \u{…}, anchors ^ $ \A \z, flags (?i) and (?s), lookahead but for that within
// unbounded repetitions. What no finite automaton can do, or rarely means what was meant, is an
// error: lookbehind, backreferences, word boundaries, possessive quantifiers.
#pragma once

#include <string>
#include <string_view>

#include "constraint/automaton.hpp"

namespace parley::engine {

enum class RegexMatch {
  kWhole,   // the expression is the whole text
  kSearch,  // the expression is found somewhere in the text, as in JSON Schema's "pattern"
};

// Errors: kInvalidInput "WHERE, column N: …" (columns count code points from 1), or that it is too
// large.
Dfa parse_regex(std::string_view pattern, RegexMatch match, const SizeLimit& limit);

}  // namespace parley::engine
