// Keywords that hold under a condition become alternatives, one for each way the condition can come
// out: "oneOf", "if", and what depends on a property being there.
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

// Each branch, and that those do not hold which could hold beside it. Branches that contradict each
// other anyway, by a type or a property that tells them apart, stay as they are.
const Json& SchemaCompiler::exclusive(const Json& schema, const Json& branches) {
  if (const auto known = made_of_.find(&branches); known != made_of_.end()) return *known->second;
  made_of_.emplace(&branches, &branches);  // a branch that comes back here finds this
  Schemas both(2);
  if (document_.find(schema, "type") != nullptr) {
    both.push_back(&document_.keep(Json{{"type", types_of(schema)}}, schema));
  }
  std::vector<Json> exclude(branches.size(), Json::array());  // by branch
  bool apart = true;
  for (std::size_t i = 0; i < branches.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      spend(2);
      both[0] = &document_.check_schema(branches[i]), both[1] = &branches[k];
      if (contradict(both)) continue;
      exclude[i].push_back(link(branches[k], true));
      exclude[k].push_back(link(branches[i], true));
      apart = false;
    }
  }
  if (apart) return branches;
  Json ways = Json::array();
  for (std::size_t i = 0; i < branches.size(); ++i) {
    Json all = std::move(exclude[i]);
    all.insert(all.begin(), link(branches[i]));
    ways.push_back(Json{{"allOf", all}});
  }
  const Json& made = document_.keep(std::move(ways), branches);
  made_of_[&branches] = &made;
  return made;
}

const Json* SchemaCompiler::condition(const Json& schema) {
  const Json& test = *document_.schema(schema, "if");
  const Json* then = document_.schema(schema, "then");
  const Json* otherwise = document_.schema(schema, "else");
  if (then == nullptr && otherwise == nullptr && !asks_what_is_evaluated(schema)) return nullptr;
  const Json*& made = made_of_[&test];
  if (made == nullptr) {
    Json yes = Json::array({link(test)}), no = Json::array({link(test, true)});
    if (then != nullptr) yes.push_back(link(*then));
    if (otherwise != nullptr) no.push_back(link(*otherwise));
    made = &document_.keep(Json::array({Json{{"allOf", yes}}, Json{{"allOf", no}}}), test);
  }
  return made;
}

// "dependentRequired", "dependentSchemas", and "dependencies", which drafts before 2019-09 have for
// both: the property is not there, or it is and so is what it needs.
std::vector<const Json*> SchemaCompiler::dependents(const Json& schema, const Json& value) {
  if (!value.is_object()) document_.error(value, "must be an object");
  std::vector<const Json*> out;
  for (const auto& [name, need] : value.items()) {
    const Json*& made = made_of_[&need];
    if (made == nullptr) {
      Json without = Json::object(), with = Json{{"required", Json::array({name})}};
      without["properties"][name] = false;
      if (need.is_array()) {
        for (const Json& other : need) {
          if (!other.is_string()) document_.error(other, "must be the name of a property");
          with["required"].push_back(other);
        }
      } else {
        with["allOf"] = Json::array({link(document_.check_schema(need))});
      }
      const Json present = Json{{"type", unsigned{kObject}}};
      Json holds = Json{{"allOf", Json::array({present, with})}};
      made = &document_.keep(Json::array({without, holds}), need);
    }
    out.push_back(made);
  }
  spend(out.size() + schema.size() / 8);
  return out;
}

}  // namespace parley::engine
