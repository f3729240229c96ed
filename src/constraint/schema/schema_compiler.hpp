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
#include "constraint/number_automata.hpp"
#include "constraint/schema/listed_values.hpp"
#include "constraint/schema/schema_document.hpp"

namespace parley::engine {

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& schema, const JsonSchemaOptions& options);
  GrammarPtr compile();

 private:
  // A schema that holds, or an array of alternatives ("anyOf" and what becomes one) of which one is
  // still to be chosen; and the schema that asks what its like evaluates, or null.
  struct Part {
    const Json* schema;
    const Json* scope;
    const Json& operator*() const { return *schema; }
    bool operator==(const Part&) const = default;
  };
  // The scope of what is forbidden: it evaluates nothing for anybody around it.
  static const Json kNowhere;
  // A conjunction, complete and without duplicates, in the order written. No value at all where a
  // schema is `false`.
  using Parts = std::vector<Part>;
  using MaybeParts = std::optional<Parts>;
  using Schemas = std::vector<const Json*>;
  struct PartsHash {
    std::size_t operator()(const Parts& parts) const {
      std::size_t out = 0;
      for (const Part& part : parts) {
        out = out * 31 + std::hash<const Json*>{}(part.schema);
        out = out * 31 + std::hash<const Json*>{}(part.scope);
      }
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
  MaybeParts conjunction(const Schemas& schemas);
  // Adds a schema and what it brings along. False: no value satisfies it.
  bool hold(Parts& parts, const Json& schema, const Json* scope);
  bool hold_keyword(Parts& parts, const Json& schema, const std::string& keyword, const Json& value,
                    const Json* scope);
  bool hold_one_of(Parts& parts, const Json& choices, const Json* scope);
  void check_keywords(const Json& schema) const;
  RuleId rule_of(const Parts& parts);
  void add_value(Nfa& nfa, std::uint32_t from, const MaybeParts& parts, std::uint32_t to);
  void fill(RuleId rule, const Parts& parts);
  // The conjunctions that choosing from the first open choice leaves; nothing: none is open.
  std::optional<std::vector<Parts>> alternatives(const Parts& parts);
  unsigned types(const Parts& parts) const;
  unsigned types_of(const Json& schema) const;
  static unsigned type_of(const Json& value);

  // schema_links.cpp: schemas that the compiler writes itself, and references of theirs
  Json link(const Json& schema, bool negated = false);  // {"$ref": NUMBER}
  const Json& target(const Json& reference);            // of a "$ref" of either kind
  bool is_negated(const Json& reference) const;

  // schema_negation.cpp: what a schema forbids, as alternatives
  const Json& negation(const Json& schema);
  Json negation_of(const Json& schema);
  // These add ways to break a keyword. False: there are others, which no grammar can say.
  bool negate_applicator(const std::string& keyword, const Json& schema, Json& ways);
  bool negate_scalar(const std::string& keyword, const Json& schema, Json& ways);
  bool negate_object(const std::string& keyword, const Json& schema, Json& ways);
  bool negate_array(const std::string& keyword, const Json& schema, Json& ways);

  // schema_conditions.cpp: keywords that become alternatives
  const Json& exclusive(const Json& schema, const Json& branches);  // oneOf
  const Json* condition(const Json& schema);                        // if; null: says nothing
  std::vector<const Json*> dependents(const Json& schema, const Json& value);

  // schema_contradictions.cpp: whether plainly no value satisfies all of them
  struct Facts;
  bool contradict(const Schemas& schemas, int depth = 0);
  bool contradict(const Parts& parts);

  // schema_evaluated.cpp: unevaluatedProperties and unevaluatedItems
  static bool asks_what_is_evaluated(const Json& schema);
  // The schemas of `parts` that hold within `asking`, itself among them.
  Parts evaluating(const Parts& parts, const Json& asking) const;
  bool evaluates_property(const Json& schema, const std::string& name);
  // "anyOf" with each set of its branches that may hold together, for who asks what they evaluate.
  const Json& together(const Json& branches);

  // schema_literals.cpp: const and enum; blanks
  bool add_literals(Nfa& nfa, const Parts& parts, unsigned types);
  std::optional<std::vector<const Json*>> listed_values(const Parts& parts, unsigned types);
  // All values, where they are listed or null, true and false; nothing otherwise.
  std::optional<std::vector<const Json*>> values_of(const MaybeParts& parts, int depth = 0);
  ListedValues excluded_values(const Parts& parts) const;
  struct LiteralRules;
  bool literal_fits(const Json& value, LiteralRules& rules);
  void add_json(Nfa& nfa, std::uint32_t from, const Json& value, std::uint32_t to);
  void add_blank(Nfa& nfa, std::uint32_t from, std::uint32_t to);  // between brackets
  std::uint32_t add_comma(Nfa& nfa, std::uint32_t from);           // the state after it
  std::uint32_t add_colon(Nfa& nfa, std::uint32_t from);
  std::uint32_t add_mark(Nfa& nfa, std::uint32_t from, char mark);

  // schema_strings.cpp
  std::optional<Dfa> string_language(const Parts& parts);  // none: no pattern and no format
  std::pair<std::uint32_t, std::uint32_t> string_lengths(const Parts& parts) const;
  Dfa any_text(std::uint32_t least, std::uint32_t most, const SizeLimit& limit) const;
  Dfa key_language(const MaybeParts& parts, int depth = 0);
  RuleId any_string();
  RuleId other_name(const std::vector<std::string>& names);  // any string but these
  void add_string(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  std::string string_key(const Parts& parts) const;
  void add_quoted(Nfa& nfa, std::uint32_t from, const Dfa& words, std::uint32_t to);
  void add_quoted_bytes(Nfa& nfa, std::uint32_t from, const Dfa& bytes, std::uint32_t to);
  const Dfa& pattern(const Json& where, const std::string& text);
  SizeLimit limit_at(const Json& where);

  // schema_numbers.cpp
  // With room for at least so many digits before and after the point.
  Dfa numbers(const Parts& parts, unsigned types, std::size_t whole = 0, std::size_t fraction = 0);
  struct NumberBound {
    Bound bound;
    const Json* value;
  };
  std::vector<NumberBound> number_bounds(const Json& schema) const;

  // schema_objects.cpp
  struct Property {
    std::string name;
    MaybeParts value;
    bool required;
  };
  struct KeyClass {  // keys that are no declared property, and what their values must satisfy
    std::optional<Dfa> keys;  // none: every key
    MaybeParts value;
    Schemas values = {};     // what `value` is made of
    unsigned witnesses = 0;  // bit i: those that such a key may be a member of
  };
  // Some member must have a key and a value of these: what breaks "additionalProperties".
  struct Witness {
    Dfa keys;
    const Json* value;
  };
  void add_object(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  std::vector<Property> properties(const Parts& parts);
  MaybeParts property_value(const Parts& parts, const std::string& name);
  std::vector<KeyClass> other_keys(const Parts& parts, const std::vector<Property>& declared,
                                   const std::vector<Witness>& witnesses);
  std::optional<Dfa> allowed_keys(const Parts& parts);
  std::vector<Witness> witnesses(const Parts& parts);

  // schema_members.cpp
  class Members;

  // schema_arrays.cpp
  struct Contains {  // of the items from `from` on
    const Json* schema;
    std::size_t from, least, most;
  };
  void add_array(Nfa& nfa, std::uint32_t from, const Parts& parts, std::uint32_t to);
  MaybeParts item(const Parts& parts, std::size_t index, const Schemas& more = {});
  std::size_t listed_items(const Parts& parts) const;
  std::vector<Contains> contained(const Parts& parts);
  class Items;

  // schema_unique.cpp
  bool must_be_unique(const Parts& parts) const;
  void add_unique_items(Nfa& nfa, std::uint32_t from, const Parts& parts, std::size_t least,
                        std::size_t most, std::uint32_t to);

  const JsonSchemaOptions options_;
  SchemaDocument document_;
  GrammarBuilder builder_{"JSON schema"};
  std::unordered_map<Parts, RuleId, PartsHash> rules_;  // only looked up in
  std::deque<std::pair<RuleId, Parts>> unfilled_;
  std::map<std::string, Dfa> patterns_;
  std::map<std::string, RuleId> strings_;
  std::map<std::vector<std::string>, RuleId> other_names_;
  Schemas links_;
  std::unordered_map<const Json*, std::size_t> link_of_;
  // By the schema or keyword that they were made of.
  std::unordered_map<const Json*, const Json*> negations_, made_of_;
  std::map<std::string, const Json*> made_items_;  // of "unevaluatedItems" beside "contains"
  std::optional<RuleId> any_string_, blank_;
  std::size_t work_ = 0;
};

}  // namespace parley::engine
