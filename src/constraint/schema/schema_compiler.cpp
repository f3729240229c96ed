#include "constraint/schema/schema_compiler.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace {

// Of draft 3, where others took their places: an error rather than a reply that breaks them.
constexpr std::array<const char*, 3> kUnsupported{"extends", "disallow", "divisibleBy"};

struct TypeKeyword {
  const char* keyword;
  unsigned types;
};

}  // namespace

const Json SchemaCompiler::kNowhere;

SchemaCompiler::SchemaCompiler(const Json& schema, const JsonSchemaOptions& options)
    : options_(options), document_(schema) {}

GrammarPtr SchemaCompiler::compile() {
  const MaybeParts all = conjunction({&document_.check_schema(document_.root())});
  if (!all) document_.error(document_.root(), "false allows no value");
  const RuleId root = rule_of(*all);
  while (!unfilled_.empty()) {
    const auto [rule, parts] = std::move(unfilled_.front());
    unfilled_.pop_front();
    fill(rule, parts);
  }
  return std::make_shared<Grammar>(builder_.build(root));
}

void SchemaCompiler::spend(std::size_t work) {
  constexpr std::size_t kMaxWork = 3'000'000;  // about a second
  CompileStop::poll();
  work_ += work;
  if (work_ > kMaxWork) {
    fail(ErrorKind::kInvalidInput, "JSON schema: too many combinations of its parts",
         "use fewer anyOf, oneOf and allOf that multiply each other");
  }
}

SchemaCompiler::MaybeParts SchemaCompiler::conjunction(const Schemas& schemas) {
  Parts out;
  for (const Json* schema : schemas) {
    if (!hold(out, *schema, nullptr)) return std::nullopt;
  }
  return out;
}

// What a schema adds takes its place by the keywords' order: an "allOf" written before "properties"
// comes first, as its properties do in the reply.
bool SchemaCompiler::hold(Parts& parts, const Json& schema, const Json* scope) {
  constexpr std::size_t kMaxParts = 1000;
  document_.check_schema(schema);
  spend(1 + (parts.size() + schema.size()) / 8);
  if (schema.is_boolean()) return schema.get<bool>();
  const Part part{&schema, scope};
  if (schema.empty() || std::find(parts.begin(), parts.end(), part) != parts.end()) return true;
  if (parts.size() >= kMaxParts) document_.error(schema, "too many schemas hold at once");
  check_keywords(schema);
  const auto at = static_cast<std::ptrdiff_t>(parts.size());
  parts.push_back(part);
  if (asks_what_is_evaluated(schema)) scope = &schema;
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword == "properties") {
      std::rotate(parts.begin() + at, parts.begin() + at + 1, parts.end());
    } else if (!hold_keyword(parts, schema, keyword, value, scope)) {
      return false;
    }
  }
  return true;
}

bool SchemaCompiler::hold_keyword(Parts& parts, const Json& schema, const std::string& keyword,
                                  const Json& value, const Json* scope) {
  if (keyword == "$ref" || keyword == "$dynamicRef" || keyword == "$recursiveRef") {
    return hold(parts, target(value), is_negated(value) ? &kNowhere : scope);
  }
  if (keyword == "not") return hold(parts, negation(document_.check_schema(value)), &kNowhere);
  if (keyword == "allOf") {
    const Json& all = *document_.array(schema, "allOf");
    return std::all_of(all.begin(), all.end(),
                       [&](const Json& one) { return hold(parts, one, scope); });
  }
  if (keyword == "anyOf" || keyword == "oneOf") {
    if (document_.array(schema, keyword.c_str())->empty())
      document_.error(value, "must not be empty");
    if (keyword == "oneOf") return hold_one_of(parts, exclusive(schema, value), scope);
    const bool asked = scope != nullptr && scope != &kNowhere;
    return hold_one_of(parts, asked ? together(value) : value, scope);
  }
  if (keyword == "if") {
    const Json* choices = condition(schema);
    return choices == nullptr || hold_one_of(parts, *choices, scope);
  }
  if (keyword == "dependentRequired" || keyword == "dependentSchemas" ||
      keyword == "dependencies") {
    for (const Json* choices : dependents(schema, value)) {
      if (!hold_one_of(parts, *choices, scope)) return false;
    }
  }
  return true;
}

// Of several alternatives one is chosen later (alternatives()).
bool SchemaCompiler::hold_one_of(Parts& parts, const Json& choices, const Json* scope) {
  if (choices.empty()) return false;
  if (choices.size() == 1) return hold(parts, choices.front(), scope);
  const Part part{&choices, scope};
  if (std::find(parts.begin(), parts.end(), part) == parts.end()) parts.push_back(part);
  return true;
}

void SchemaCompiler::check_keywords(const Json& schema) const {
  for (const char* keyword : kUnsupported) {
    if (const Json* found = document_.find(schema, keyword)) document_.unsupported(*found);
  }
}

RuleId SchemaCompiler::rule_of(const Parts& parts) {
  const auto [at, added] = rules_.emplace(parts, 0);
  if (added) {
    spend(1 + parts.size());
    at->second = builder_.add_rule();
    unfilled_.emplace_back(at->second, parts);
  }
  return at->second;
}

void SchemaCompiler::add_value(Nfa& nfa, std::uint32_t from, const MaybeParts& parts,
                               std::uint32_t to) {
  if (parts) builder_.add_call(nfa, from, rule_of(*parts), to);
}

void SchemaCompiler::fill(RuleId rule, const Parts& parts) {
  Nfa& nfa = builder_.body(rule);
  if (const auto ways = alternatives(parts)) {
    for (const Parts& way : *ways) add_value(nfa, Nfa::kStart, way, Nfa::kAccept);
    return;
  }
  const unsigned allowed = types(parts);
  if (add_literals(nfa, parts, allowed)) return;
  const ListedValues excluded = excluded_values(parts);
  const auto add_word = [&](unsigned type, const Json& value) {
    if ((allowed & type) == 0 || excluded.has(value)) return;
    nfa.add_bytes(Nfa::kStart, to_text(value), Nfa::kAccept);
  };
  add_word(kNull, Json());
  add_word(kBoolean, Json(true));
  add_word(kBoolean, Json(false));
  if (allowed & (kInteger | kFraction)) {
    nfa.add_dfa(Nfa::kStart, numbers(parts, allowed), Nfa::kAccept);
  }
  if (allowed & kString) add_string(nfa, Nfa::kStart, parts, Nfa::kAccept);
  // What no list of values can be taken from are arrays and objects: there none are written.
  if (allowed & kArray && !excluded.has_array()) add_array(nfa, Nfa::kStart, parts, Nfa::kAccept);
  if (allowed & kObject && !excluded.has_object())
    add_object(nfa, Nfa::kStart, parts, Nfa::kAccept);
}

std::optional<std::vector<SchemaCompiler::Parts>> SchemaCompiler::alternatives(const Parts& parts) {
  const auto open = std::find_if(parts.begin(), parts.end(),
                                 [](const Part& part) { return part.schema->is_array(); });
  if (open == parts.end()) return std::nullopt;
  std::vector<Parts> out;
  for (const Json& choice : **open) {
    Parts with = parts;
    with.erase(with.begin() + (open - parts.begin()));
    const auto added = static_cast<std::ptrdiff_t>(with.size());
    if (!hold(with, choice, open->scope)) continue;
    std::rotate(with.begin() + (open - parts.begin()), with.begin() + added, with.end());
    if (!contradict(with)) out.push_back(std::move(with));
  }
  return out;
}

unsigned SchemaCompiler::types(const Parts& parts) const {
  static constexpr TypeKeyword kTypeKeywords[] = {{"properties", kObject},
                                                  {"required", kObject},
                                                  {"additionalProperties", kObject},
                                                  {"patternProperties", kObject},
                                                  {"propertyNames", kObject},
                                                  {"minProperties", kObject},
                                                  {"maxProperties", kObject},
                                                  {"unevaluatedProperties", kObject},
                                                  {"dependentRequired", kObject},
                                                  {"dependentSchemas", kObject},
                                                  {"dependencies", kObject},
                                                  {"items", kArray},
                                                  {"prefixItems", kArray},
                                                  {"additionalItems", kArray},
                                                  {"contains", kArray},
                                                  {"uniqueItems", kArray},
                                                  {"unevaluatedItems", kArray},
                                                  {"minItems", kArray},
                                                  {"maxItems", kArray},
                                                  {"minLength", kString},
                                                  {"maxLength", kString},
                                                  {"pattern", kString},
                                                  {"format", kString},
                                                  {"minimum", kInteger | kFraction},
                                                  {"maximum", kInteger | kFraction},
                                                  {"exclusiveMinimum", kInteger | kFraction},
                                                  {"exclusiveMaximum", kInteger | kFraction},
                                                  {"multipleOf", kInteger | kFraction}};
  unsigned all = kAnyType, implied = 0;
  bool named = false;
  for (const Part& part : parts) {
    if (document_.find(*part, "type")) all &= types_of(*part);
    if (document_.is_made(*part)) continue;  // says what it means
    const bool literal = document_.find(*part, "enum") || document_.find(*part, "const");
    named = named || literal || document_.find(*part, "type");
    for (const TypeKeyword& k : kTypeKeywords) {
      if (document_.find(*part, k.keyword)) implied |= k.types;
    }
  }
  // A schema that lists properties and no type means an object, though JSON Schema lets it be
  // anything else as well.
  return !named && implied != 0 ? implied & all : all;
}

unsigned SchemaCompiler::types_of(const Json& schema) const {
  struct Named {
    std::string_view name;
    unsigned bits;
  };
  static constexpr Named kNames[] = {{"null", kNull},       {"boolean", kBoolean},
                                     {"integer", kInteger}, {"number", kInteger | kFraction},
                                     {"string", kString},   {"array", kArray},
                                     {"object", kObject}};
  unsigned out = document_.flag(schema, "nullable") ? kNull : 0;
  const Json& type = *document_.find(schema, "type");
  if (type.is_number() && document_.is_made(type)) return type.get<unsigned>();  // bits
  const auto add = [&](const Json& name) {
    for (const Named& n : kNames) {
      if (name.is_string() && name.get_ref<const std::string&>() == n.name) {
        out |= n.bits;
        return;
      }
    }
    document_.error(name, "no such type",
                    "null, boolean, integer, number, string, array or object");
  };
  if (!type.is_array()) {
    add(type);
  } else {
    for (const Json& one : type) add(one);
  }
  return out;
}

}  // namespace parley::engine
