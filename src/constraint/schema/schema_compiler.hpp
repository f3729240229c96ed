// JSON Schema to grammar rules. One rule stands for one *conjunction*: the schemas that a value
// must all satisfy, in the order in which they are written, for properties come in that order.
// "$ref" and "allOf" add schemas to it, "anyOf" and "oneOf" split it into alternatives, and the
// value of a property must satisfy what every schema of it says about that property, which is a
// conjunction again. Equal ones share a rule, which makes recursion work and allOf exact.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "constraint/grammar.hpp"
#include "constraint/grammar_builder.hpp"
#include "constraint/schema/schema_document.hpp"

namespace parley::engine {

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& schema, const JsonSchemaOptions& options);
  GrammarPtr compile();

 private:
  // A conjunction, complete and without duplicates, in the order written: schemas that hold, and
  // arrays of alternatives ("anyOf", "oneOf") of which one is still to be chosen. No value at all
  // where a schema is `false`.
  using Parts = std::vector<const Json*>;
  using MaybeParts = std::optional<Parts>;
  struct PartsHash {
    std::size_t operator()(const Parts& parts) const {
      std::size_t out = 0;
      for (const Json* part : parts) out = out * 31 + std::hash<const Json*>{}(part);
      return out;
    }
  };
  enum TypeBit : unsigned {
    kNull = 1,
    kBoolean = 2,
    kInteger = 4,
    kFraction = 8,  // numbers that are no integers; "number" is both
    kString = 16,
    kArray = 32,
    kObject = 64,
    kAnyType = 127
  };

  // schema_compiler.cpp: sets of schemas
  void spend(std::size_t work);
  MaybeParts conjunction(const Parts& schemas);
  // Adds a schema and what it brings along. False: no value satisfies it.
  bool hold(Parts& parts, const Json& schema);
  void check_keywords(const Json& schema) const;
  RuleId rule_of(const Parts& parts);
  void add_value(Nfa& nfa, std::uint32_t from, const MaybeParts& parts, std::uint32_t to);
  void fill(RuleId rule, const Parts& parts);
  bool split_alternatives(Nfa& nfa, const Parts& parts);
  unsigned types(const Parts& parts) const;
  unsigned types_of(const Json& schema) const;

  // schema_literals.cpp: const and enum; blanks
  bool add_literals(Nfa& nfa, const Parts& parts, unsigned types);
  struct LiteralRules;
  bool literal_fits(const Json& value, LiteralRules& rules);
  void add_json(Nfa& nfa, std::uint32_t from, const Json& value, std::uint32_t to);
  void add_blank(Nfa& nfa, std::uint32_t from, std::uint32_t to);  // between brackets
  std::uint32_t add_comma(Nfa& nfa, std::uint32_t from);           // the state after it
  std::uint32_t add_colon(Nfa& nfa, std::uint32_t from);

  // schema_strings.cpp
  std::optional<Dfa> string_language(const Parts& parts);  // none: no pattern and no format
  std::pair<std::uint32_t, std::uint32_t> string_lengths(const Parts& parts) const;
  Dfa any_text(std::uint32_t least, std::uint32_t most, const SizeLimit& limit) const;
  Dfa key_language(const Parts& parts);
  RuleId any_string();
  void add_string(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  void add_quoted(Nfa& nfa, std::uint32_t from, const Dfa& words, std::uint32_t to);
  const Dfa& pattern(const Json& where, const std::string& text);
  SizeLimit limit_at(const Json& where);

  // schema_numbers.cpp
  // With room for at least so many digits before and after the point.
  Dfa numbers(const Parts& parts, unsigned types, std::size_t whole = 0, std::size_t fraction = 0);

  // schema_objects.cpp
  struct Property {
    std::string name;
    MaybeParts value;
    bool required;
  };
  struct KeyClass {  // keys that are no declared property, and what their values must satisfy
    std::optional<Dfa> keys;  // none: every key
    MaybeParts value;
  };
  void add_object(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  std::vector<Property> properties(const Parts& parts);
  MaybeParts property_value(const Parts& parts, const std::string& name);
  std::vector<KeyClass> other_keys(const Parts& parts, const std::vector<Property>& properties);
  bool closed_by_default(const Parts& parts) const;
  std::optional<Dfa> allowed_keys(const Parts& parts);
  void add_members(Nfa& nfa, std::uint32_t from, const Parts& parts,
                   const std::vector<Property>& properties, std::uint32_t to);

  // schema_arrays.cpp
  void add_array(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  MaybeParts item(const Parts& parts, std::size_t index);

  const JsonSchemaOptions options_;
  SchemaDocument document_;
  GrammarBuilder builder_{"JSON schema"};
  std::unordered_map<Parts, RuleId, PartsHash> rules_;  // only looked up in
  std::deque<std::pair<RuleId, Parts>> unfilled_;
  std::map<std::string, Dfa> patterns_;
  std::map<std::pair<std::uint32_t, std::uint32_t>, RuleId> counted_strings_;
  std::optional<RuleId> any_string_, blank_;
  std::size_t work_ = 0;
};

}  // namespace parley::engine
