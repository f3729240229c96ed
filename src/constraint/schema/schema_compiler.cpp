#include "constraint/schema/schema_compiler.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error.hpp"
#include "constraint/compile_stop.hpp"

namespace parley::engine {
namespace {

// What cannot be said by a grammar, or not yet: an error rather than a reply that breaks the rule.
constexpr std::array<const char*, 16> kUnsupported{"not",
                                                   "if",
                                                   "then",
                                                   "else",
                                                   "contains",
                                                   "minContains",
                                                   "maxContains",
                                                   "dependentRequired",
                                                   "dependencies",
                                                   "$dynamicRef",
                                                   "$recursiveRef",
                                                   "dependentSchemas",
                                                   "$dynamicAnchor",
                                                   "unevaluatedItems",
                                                   "extends",
                                                   "disallow"};

struct TypeKeyword {
  const char* keyword;
  unsigned types;
};

}  // namespace

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

SchemaCompiler::MaybeParts SchemaCompiler::conjunction(const Parts& schemas) {
  Parts out;
  for (const Json* schema : schemas) {
    if (!hold(out, *schema)) return std::nullopt;
  }
  return out;
}

// What a schema adds takes its place by the keywords' order: an "allOf" written before "properties"
// comes first, as its properties do in the reply.
bool SchemaCompiler::hold(Parts& parts, const Json& schema) {
  constexpr std::size_t kMaxParts = 500;
  document_.check_schema(schema);
  spend(1 + (parts.size() + schema.size()) / 8);
  if (schema.is_boolean()) return schema.get<bool>();
  if (std::find(parts.begin(), parts.end(), &schema) != parts.end()) return true;
  if (parts.size() >= kMaxParts) document_.error(schema, "too many schemas hold at once");
  check_keywords(schema);
  const auto at = static_cast<std::ptrdiff_t>(parts.size());
  parts.push_back(&schema);
  for (const auto& [keyword, value] : schema.items()) {
    if (keyword == "properties") {
      std::rotate(parts.begin() + at, parts.begin() + at + 1, parts.end());
    } else if (keyword == "$ref") {
      if (!hold(parts, document_.resolve(value))) return false;
    } else if (keyword == "allOf") {
      for (const Json& one : *document_.array(schema, "allOf")) {
        if (!hold(parts, one)) return false;
      }
    } else if (keyword == "anyOf" || keyword == "oneOf") {
      if (document_.array(schema, keyword.c_str())->empty())
        document_.error(value, "must not be empty");
      parts.push_back(&value);
    }
  }
  return true;
}

void SchemaCompiler::check_keywords(const Json& schema) const {
  for (const char* keyword : kUnsupported) {
    if (const Json* found = document_.find(schema, keyword)) document_.unsupported(*found);
  }
  if (document_.flag(schema, "uniqueItems")) {
    document_.unsupported(*document_.find(schema, "uniqueItems"));
  }
  if (const Json* rest = document_.schema(schema, "unevaluatedProperties")) {
    if (!rest->is_boolean()) document_.unsupported(*rest);
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
  if (split_alternatives(nfa, parts)) return;
  const unsigned allowed = types(parts);
  if (add_literals(nfa, parts, allowed)) return;
  if (allowed & kNull) nfa.add_bytes(Nfa::kStart, "null", Nfa::kAccept);
  if (allowed & kBoolean) {
    nfa.add_bytes(Nfa::kStart, "true", Nfa::kAccept);
    nfa.add_bytes(Nfa::kStart, "false", Nfa::kAccept);
  }
  if (allowed & (kInteger | kFraction)) {
    nfa.add_dfa(Nfa::kStart, numbers(parts, allowed), Nfa::kAccept);
  }
  if (allowed & kString) add_string(nfa, Nfa::kStart, parts, Nfa::kAccept);
  if (allowed & kArray) add_array(nfa, Nfa::kStart, parts, Nfa::kAccept);
  if (allowed & kObject) add_object(nfa, Nfa::kStart, parts, Nfa::kAccept);
}

bool SchemaCompiler::split_alternatives(Nfa& nfa, const Parts& parts) {
  const auto open =
      std::find_if(parts.begin(), parts.end(), [](const Json* part) { return part->is_array(); });
  if (open == parts.end()) return false;
  for (const Json& choice : **open) {
    Parts with = parts;
    with.erase(with.begin() + (open - parts.begin()));
    const auto added = static_cast<std::ptrdiff_t>(with.size());
    if (!hold(with, choice)) continue;
    std::rotate(with.begin() + (open - parts.begin()), with.begin() + added, with.end());
    add_value(nfa, Nfa::kStart, with, Nfa::kAccept);
  }
  return true;
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
                                                  {"items", kArray},
                                                  {"prefixItems", kArray},
                                                  {"additionalItems", kArray},
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
  for (const Json* part : parts) {
    const bool literal = document_.find(*part, "enum") || document_.find(*part, "const");
    if (document_.find(*part, "type")) all &= types_of(*part);
    named = named || literal || document_.find(*part, "type");
    for (const TypeKeyword& k : kTypeKeywords) {
      if (document_.find(*part, k.keyword)) implied |= k.types;
    }
  }
  // A schema that lists properties and no type means an object, though JSON Schema lets it be
  // anything else as well.
  return !named && implied != 0 ? implied : all;
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
