// Whether schemas plainly contradict each other: by their types, by listed values, by a property
// that one requires and another forbids or wants different. It looks at what tells alternatives
// apart in practice and never says so wrongly; what it misses, the automata find out later.
#include <algorithm>
#include <map>
#include <set>

#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {
namespace {

bool lists(const Json& values, const Json& value) {
  return std::any_of(values.begin(), values.end(), [&](const Json& v) { return v == value; });
}

}  // namespace

// What some schemas say together, their references and "allOf" followed.
struct SchemaCompiler::Facts {
  unsigned types = kAnyType;
  std::vector<Json> one_of, none_of;      // lists of values: "enum", "const"; "not enum"
  std::vector<const Json*> choices;       // arrays of alternatives
  std::map<std::string, Schemas> values;  // of properties
  std::set<std::string> required;
  Schemas closed;  // allow no properties but their own
};

bool SchemaCompiler::contradict(const Parts& parts) {
  Schemas all;
  for (const Part& part : parts) all.push_back(part.schema);
  return contradict(all);
}

bool SchemaCompiler::contradict(const Schemas& schemas, int depth) {
  constexpr std::size_t kMaxSchemas = 200, kMaxListed = 100, kMaxChoices = 20;
  constexpr int kMaxDepth = 4;
  Facts facts;
  Schemas all = schemas;
  for (std::size_t i = 0; i < all.size() && i < kMaxSchemas; ++i) {
    const Json& schema = *all[i];
    spend(1 + schema.size() / 8);
    if (schema.is_array()) facts.choices.push_back(&schema);
    if (schema == Json(false)) return true;
    if (!schema.is_object()) continue;
    const auto add = [&](const Json& more) {
      if (std::find(all.begin(), all.end(), &more) == all.end()) all.push_back(&more);
    };
    const bool nullable = document_.flag(schema, "nullable");
    for (const auto& [keyword, value] : schema.items()) {
      if (keyword == "$ref") {
        add(target(value));
      } else if (keyword == "allOf" && value.is_array()) {
        for (const Json& one : value) add(one);
      } else if ((keyword == "anyOf" || keyword == "oneOf") && value.is_array()) {
        facts.choices.push_back(&value);
      } else if (keyword == "type") {
        facts.types &= types_of(schema);
      } else if (keyword == "const" && !nullable) {
        facts.one_of.push_back(Json::array({value}));
      } else if (keyword == "enum" && !nullable && value.is_array() && value.size() <= kMaxListed) {
        facts.one_of.push_back(value);
      } else if (keyword == "not enum" && document_.is_made(value) && value.size() <= kMaxListed) {
        facts.none_of.push_back(value);
      } else if (keyword == "properties" && value.is_object()) {
        for (const auto& [name, one] : value.items()) facts.values[name].push_back(&one);
      } else if (keyword == "required" && value.is_array()) {
        for (const Json& name : value) {
          if (name.is_string()) facts.required.insert(name.get<std::string>());
        }
      } else if (keyword == "additionalProperties" && value == Json(false) &&
                 document_.find(schema, "patternProperties") == nullptr) {
        facts.closed.push_back(&schema);
      }
    }
  }
  if (facts.types == 0) return true;
  if (!facts.one_of.empty()) {
    const auto fits = [&](const Json& value) {
      const auto has = [&](const Json& list) { return lists(list, value); };
      return (facts.types & type_of(value)) != 0 &&
             std::all_of(facts.one_of.begin(), facts.one_of.end(), has) &&
             std::none_of(facts.none_of.begin(), facts.none_of.end(), has);
    };
    const Json& first = facts.one_of.front();
    if (std::none_of(first.begin(), first.end(), fits)) return true;
  }
  if (facts.types == kObject && depth < kMaxDepth) {
    for (const std::string& name : facts.required) {
      for (const Json* closed : facts.closed) {
        const Json* own = document_.object(*closed, "properties");
        if (own == nullptr || !own->contains(name)) return true;
      }
      const auto said = facts.values.find(name);
      if (said != facts.values.end() && contradict(said->second, depth + 1)) return true;
    }
  }
  if (depth >= kMaxDepth / 2) return false;
  for (const Json* choices : facts.choices) {
    if (choices->size() > kMaxChoices) continue;
    const bool none = std::all_of(choices->begin(), choices->end(), [&](const Json& choice) {
      Schemas with = schemas;
      with.push_back(&choice);
      return contradict(with, depth + kMaxDepth / 2);
    });
    if (none) return true;
  }
  return false;
}

// The bit of a value's type.
unsigned SchemaCompiler::type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return kNull;
    case Json::value_t::boolean:
      return kBoolean;
    case Json::value_t::string:
      return kString;
    case Json::value_t::array:
      return kArray;
    case Json::value_t::object:
      return kObject;
    default:
      break;
  }
  const std::optional<Decimal> number = parse_decimal(to_text(value));
  return number && number->fraction.empty() ? kInteger : kFraction;
}

}  // namespace parley::engine
