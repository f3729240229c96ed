#include "constraint/schema_compiler.hpp"

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

SchemaCompiler::SchemaCompiler(const OrderedJson& schema, const JsonSchemaOptions& options)
    : options_(options), document_(schema) {}

GrammarPtr SchemaCompiler::compile() {
  const MaybeParts all = conjunction({{&document_.check_schema(document_.root()), 0}});
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

SchemaCompiler::MaybeParts SchemaCompiler::conjunction(Parts parts) {
  constexpr std::size_t kMaxParts = 500;
  Parts out;
  while (!parts.empty()) {
    const Part part = parts.back();
    parts.pop_back();
    spend(1 + out.size() / 8);
    const OrderedJson& schema = document_.check_schema(*part.schema);
    if (schema.is_boolean()) {
      if (!schema.get<bool>()) return std::nullopt;
      continue;
    }
    if (std::find(out.begin(), out.end(), part) != out.end()) continue;
    if (out.size() >= kMaxParts) document_.error(schema, "too many schemas hold at once");
    check_keywords(schema);
    out.push_back(part);
    if (const OrderedJson* reference = document_.find(schema, "$ref")) {
      parts.push_back({&document_.resolve(*reference), 0});
    }
    if (const OrderedJson* all = document_.array(schema, "allOf")) {
      for (const OrderedJson& one : *all) parts.push_back({&one, 0});
    }
  }
  std::sort(out.begin(), out.end());
  // A schema of which alternatives have been chosen stands for itself.
  for (std::size_t i = 0; i + 1 < out.size();) {
    if (out[i].schema != out[i + 1].schema) {
      ++i;
      continue;
    }
    out[i].chosen |= out[i + 1].chosen;
    out.erase(out.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
  return out;
}

void SchemaCompiler::check_keywords(const OrderedJson& schema) const {
  for (const char* keyword : kUnsupported) {
    if (const OrderedJson* found = document_.find(schema, keyword)) document_.unsupported(*found);
  }
  if (document_.flag(schema, "uniqueItems")) {
    document_.unsupported(*document_.find(schema, "uniqueItems"));
  }
  if (const OrderedJson* rest = document_.schema(schema, "unevaluatedProperties")) {
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
  struct Keyword {
    const char* name;
    unsigned bit;
  };
  for (std::size_t i = 0; i < parts.size(); ++i) {
    for (const Keyword& keyword : {Keyword{"anyOf", kAnyOf}, Keyword{"oneOf", kOneOf}}) {
      if (parts[i].chosen & keyword.bit) continue;
      const OrderedJson* choices = document_.array(*parts[i].schema, keyword.name);
      if (choices == nullptr) continue;
      if (choices->empty()) document_.error(*choices, "must not be empty");
      for (const OrderedJson& choice : *choices) {
        Parts with = parts;
        with[i].chosen |= keyword.bit;
        with.push_back({&choice, 0});
        add_value(nfa, Nfa::kStart, conjunction(std::move(with)), Nfa::kAccept);
      }
      return true;
    }
  }
  return false;
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
  for (const Part& part : parts) {
    const bool literal =
        document_.find(*part.schema, "enum") || document_.find(*part.schema, "const");
    if (document_.find(*part.schema, "type")) all &= types_of(*part.schema);
    named = named || literal || document_.find(*part.schema, "type");
    for (const TypeKeyword& k : kTypeKeywords) {
      if (document_.find(*part.schema, k.keyword)) implied |= k.types;
    }
  }
  // A schema that lists properties and no type means an object, though JSON Schema lets it be
  // anything else as well.
  return !named && implied != 0 ? implied : all;
}

unsigned SchemaCompiler::types_of(const OrderedJson& schema) const {
  struct Named {
    std::string_view name;
    unsigned bits;
  };
  static constexpr Named kNames[] = {{"null", kNull},       {"boolean", kBoolean},
                                     {"integer", kInteger}, {"number", kInteger | kFraction},
                                     {"string", kString},   {"array", kArray},
                                     {"object", kObject}};
  unsigned out = document_.flag(schema, "nullable") ? kNull : 0;
  const OrderedJson& type = *document_.find(schema, "type");
  const auto add = [&](const OrderedJson& name) {
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
    for (const OrderedJson& one : type) add(one);
  }
  return out;
}

}  // namespace parley::engine
