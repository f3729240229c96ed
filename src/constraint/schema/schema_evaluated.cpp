// unevaluatedProperties and unevaluatedItems hold for what no other schema has looked at that holds
// with them, within the same schema: beside them, or below its "allOf", "$ref" or a chosen branch.
// What holds around that schema does not count, and neither does what is forbidden.
#include <algorithm>

#include "constraint/encoding.hpp"
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

bool SchemaCompiler::asks_what_is_evaluated(const Json& schema) {
  return schema.is_object() &&
         (schema.contains("unevaluatedProperties") || schema.contains("unevaluatedItems"));
}

SchemaCompiler::Parts SchemaCompiler::evaluating(const Parts& parts, const Json& asking) const {
  Parts out;
  Schemas scopes{&asking};
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    for (const Part& part : parts) {
      const bool inside = part.scope == scopes[i] || (i == 0 && part.schema == &asking);
      if (!inside || std::find(out.begin(), out.end(), part) != out.end()) continue;
      out.push_back(part);
      const bool opens = asks_what_is_evaluated(*part) && part.schema != &asking;
      if (opens && std::find(scopes.begin(), scopes.end(), part.schema) == scopes.end())
        scopes.push_back(part.schema);
    }
  }
  return out;
}

bool SchemaCompiler::evaluates_property(const Json& schema, const std::string& name) {
  if (const Json* own = document_.object(schema, "properties"); own && own->contains(name))
    return true;
  if (const Json* patterns = document_.object(schema, "patternProperties")) {
    for (const auto& [text, value] : patterns->items()) {
      if (pattern(value, text).accepts(code_points(name))) return true;
    }
  }
  return document_.find(schema, "additionalProperties") != nullptr;
}

// Few branches only: beyond them, a value that more than one branch evaluates is not offered.
const Json& SchemaCompiler::together(const Json& branches) {
  constexpr std::size_t kMaxBranches = 4;
  if (branches.size() > kMaxBranches || branches.size() < 2) return branches;
  const Json*& made = made_of_[&branches];
  if (made == nullptr) {
    Json ways = Json::array();
    for (unsigned set = 1; set < 1u << branches.size(); ++set) {
      Json all = Json::array();
      for (std::size_t i = 0; i < branches.size(); ++i) {
        if ((set >> i & 1) != 0) all.push_back(link(document_.check_schema(branches[i])));
      }
      ways.push_back(Json{{"allOf", all}});
    }
    made = &document_.keep(std::move(ways), branches);
  }
  return *made;
}

}  // namespace parley::engine
