// A parsed grammar. Internal to the grammar's parser (grammar_parse.cpp, with grammar_rules.hpp for
// what is said), checker and writer (grammar.cpp).
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/yaml.hpp"
#include "dialogue/grammar_table.hpp"

namespace parley::dialogue {

struct Piece;
using Sequence = std::vector<Piece>;

struct Piece {
  enum class Kind { kLiteral, kChoice, kName };  // kName: {name.field|modifier} or {name var=var}
  Kind kind = Kind::kLiteral;
  std::string text;   // literal, or the name
  std::string field;  // after the dot; may be empty
  std::vector<std::string> modifiers;
  std::vector<std::pair<std::string, std::string>>
      renames;                    // rule call: callee's variable, caller's variable
  std::vector<Sequence> options;  // choice
};

struct Operand {
  std::string variable,
      field;  // variable empty: a literal, or (left side of `where`) a column in `field`
  std::string literal;
};

struct Condition {
  enum class Op {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kHas,
    kLacks,
    kShares
  };
  int line = 1;
  Operand left, right;
  Op op = Op::kEqual;
};

struct Alternative {
  int line = 1;
  double weight = 1;
  std::vector<Condition> when;
  Sequence text;
};

struct Rule {
  int line = 1;
  std::vector<Alternative> alternatives;
};

struct Bind {
  int line = 1;
  std::string variable;
  std::string table;             // draw a row from this table …
  std::vector<Condition> where;  // … that meets these
  Operand any;                   // or, when `table` is empty, one text of this list
};

struct Step;
struct Branch {
  int line = 1;
  double weight = 1;
  std::vector<Condition> when;
  std::vector<Step> steps;
};

struct Step {
  enum class Kind { kTurn, kOneOf, kMaybe, kSome, kScene };
  Kind kind = Kind::kTurn;
  int line = 1;
  std::vector<Bind> binds;       // done first
  Rule user, assistant;          // kTurn; no alternatives: the step only binds
  std::vector<Branch> branches;  // kOneOf, kSome; kMaybe: one
  double chance = 1;             // kMaybe
  int least = 1, most = 1;       // kSome
  std::string scene;
  std::vector<std::pair<std::string, std::string>> renames;  // kScene
};

struct Scene {
  int line = 1;
  double weight = 1;
  std::string name;
  std::vector<Step> steps;
};

struct Filler {
  int line = 1;
  double chance = 0;
  std::string rule;  // empty: none
};

struct Noise {
  double lower = 0, no_punctuation = 0, typo = 0;
  Filler before, after;  // said around what a user says
};

struct Grammar {
  std::string where;  // file name, for errors
  std::map<std::string, Table> tables;
  std::map<std::string, Rule> rules;
  std::map<std::string, Scene> scenes;
  std::vector<Scene> dialogues;
  Noise noise;
};

// Errors: kInvalidInput FILE:LINE; see dialogue/grammar.hpp. Names are not resolved yet: check()
// does that.
Grammar parse_grammar(const std::filesystem::path& path);
// As parse(), of text; tables in files are read relative to `folder`.
Grammar parse_grammar_text(std::string_view text, std::string_view where,
                           const std::filesystem::path& folder);

// The modifiers a slot may have.
const std::vector<std::string>& modifier_names();

// Resolves every name in every dialogue: rules, scenes, variables, columns, modifiers.
void check_grammar(const Grammar& grammar);

}  // namespace parley::dialogue
