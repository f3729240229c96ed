// Parses what the grammar says: rules, their alternatives and the texts of these, and the
// conditions under which things are said. Errors of all functions: kInvalidInput FILE:LINE.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialogue/grammar_ast.hpp"
#include "dialogue/grammar_fields.hpp"

namespace parley::dialogue {

// One alternative or a list of them. `line`: where the rule starts.
Rule parse_rule(const GrammarFields& fields, const yaml::Value& value, int line);

// One condition or a list of them. `left_is_column`: those of `where`, which begin with a column of
// the table; those of `when` begin with variable.column.
std::vector<Condition> parse_conditions(const GrammarFields& fields, const yaml::Value& value,
                                        bool left_is_column);

// variable.column; anything else is a literal.
Operand parse_operand(const std::string& word);

// "Have [you|they] seen {t.title}?" (grammar_text.cpp)
Sequence parse_text(const GrammarFields& fields, std::string_view text, int line);

}  // namespace parley::dialogue
