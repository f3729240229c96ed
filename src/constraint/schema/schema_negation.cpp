// What a schema forbids, as a schema: any of the ways to break one of its keywords. Each way says
// the type it is of, for a keyword holds for values of other types. What is written here is made of
// the keywords of JSON Schema and of a few that only the compiler writes ("not enum").
#include <algorithm>
#include <array>
#include <string_view>

#include "constraint/schema/schema_compiler.hpp"
#include "constraint/schema/string_formats.hpp"

namespace parley::engine {
namespace {

Json object_with(const std::string& name, Json value) {
  Json properties = Json::object();
  properties[name] = std::move(value);
  return properties;
}

bool allows_all(const Json* schema) {
  return schema == nullptr || *schema == Json(true) || (schema->is_object() && schema->empty());
}

bool is_one_of(const std::string& keyword, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), keyword) != names.end();
}

}  // namespace

const Json& SchemaCompiler::negation(const Json& schema) {
  if (const auto known = negations_.find(&schema); known != negations_.end()) return *known->second;
  const Json& made = document_.keep(negation_of(document_.check_schema(schema)), schema);
  negations_.emplace(&schema, &made);
  return made;
}

Json SchemaCompiler::negation_of(const Json& schema) {
  if (schema.is_boolean()) return Json(!schema.get<bool>());
  check_keywords(schema);
  Json ways = Json::array();
  bool complete = true;
  for (const auto& [keyword, value] : schema.items()) {
    spend(1 + value.size() / 4);
    complete = negate_applicator(keyword, schema, ways) && complete;
    complete = negate_scalar(keyword, schema, ways) && complete;
    complete = negate_object(keyword, schema, ways) && complete;
    complete = negate_array(keyword, schema, ways) && complete;
  }
  if (!ways.empty()) return ways.size() == 1 ? Json(ways.front()) : Json{{"anyOf", ways}};
  if (!complete) {
    document_.error(schema, "that this does not hold cannot be said by a grammar",
                    "say what shall hold instead");
  }
  return Json(false);
}

bool SchemaCompiler::negate_applicator(const std::string& keyword, const Json& schema, Json& ways) {
  const Json& value = *document_.find(schema, keyword.c_str());
  const auto none_of = [&](const Json& list) {
    Json all = Json::array();
    for (const Json& one : list) all.push_back(link(one, true));
    ways.push_back(Json{{"allOf", all}});
  };
  if (is_one_of(keyword, {"$ref", "$dynamicRef", "$recursiveRef"})) {
    const Json& aim = target(value);
    ways.push_back(link(aim, true));
  } else if (keyword == "not") {
    ways.push_back(link(value));
  } else if (keyword == "allOf") {
    for (const Json& one : *document_.array(schema, "allOf")) ways.push_back(link(one, true));
  } else if (keyword == "anyOf") {
    none_of(*document_.array(schema, "anyOf"));
  } else if (keyword == "oneOf") {
    const Json& list = *document_.array(schema, "oneOf");
    none_of(list);
    for (std::size_t i = 0; i < list.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        spend(10);
        if (contradict(Schemas{&list[k], &list[i]})) continue;
        ways.push_back(Json{{"allOf", Json::array({link(list[k]), link(list[i])})}});
      }
    }
  } else if (keyword == "if") {
    const Json* then = document_.schema(schema, "then");
    const Json* otherwise = document_.schema(schema, "else");
    if (then != nullptr)
      ways.push_back(Json{{"allOf", Json::array({link(value), link(*then, true)})}});
    if (otherwise != nullptr)
      ways.push_back(Json{{"allOf", Json::array({link(value, true), link(*otherwise, true)})}});
  } else if (is_one_of(keyword, {"unevaluatedProperties", "unevaluatedItems"})) {
    return allows_all(document_.schema(schema, keyword.c_str()));
  }
  return true;
}

bool SchemaCompiler::negate_scalar(const std::string& keyword, const Json& schema, Json& ways) {
  const Json& value = *document_.find(schema, keyword.c_str());
  constexpr unsigned kNumbers = kInteger | kFraction;
  if (keyword == "type") {
    const unsigned others = kAnyType & ~types_of(schema);
    if (others != 0) ways.push_back(Json{{"type", others}});
  } else if (keyword == "const" || keyword == "enum") {
    Json list = keyword == "const" ? Json::array() : *document_.array(schema, "enum");
    if (keyword == "const") list.push_back(value);
    if (document_.flag(schema, "nullable")) list.push_back(nullptr);
    ways.push_back(Json{{"not enum", list}});
  } else if (keyword == "minLength") {
    if (const auto least = *document_.count(schema, "minLength"); least > 0)
      ways.push_back(Json{{"type", unsigned{kString}}, {"maxLength", least - 1}});
  } else if (keyword == "maxLength") {
    const std::uint64_t most = *document_.count(schema, "maxLength");
    ways.push_back(Json{{"type", unsigned{kString}}, {"minLength", most + 1}});
  } else if (keyword == "pattern") {
    ways.push_back(
        Json{{"type", unsigned{kString}}, {"not pattern", *document_.text(schema, "pattern")}});
  } else if (keyword == "format") {
    const std::string format = *document_.text(schema, "format");
    if (format_regex(format))
      ways.push_back(Json{{"type", unsigned{kString}}, {"not format", format}});
  } else if (keyword == "multipleOf") {
    ways.push_back(Json{{"type", kNumbers}, {"not multipleOf", value}});
  } else if (is_one_of(keyword, {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})) {
    for (const NumberBound& bound : number_bounds(schema)) {
      if (bound.value != &value) continue;
      const char* opposite = nullptr;
      switch (bound.bound) {
        case Bound::kAtLeast:
          opposite = "exclusiveMaximum";
          break;
        case Bound::kGreater:
          opposite = "maximum";
          break;
        case Bound::kAtMost:
          opposite = "exclusiveMinimum";
          break;
        case Bound::kLess:
          opposite = "minimum";
          break;
      }
      Json way = {{"type", kNumbers}};
      way[opposite] = value;
      ways.push_back(std::move(way));
    }
  }
  return true;
}

bool SchemaCompiler::negate_object(const std::string& keyword, const Json& schema, Json& ways) {
  const Json& value = *document_.find(schema, keyword.c_str());
  const Json object = Json{{"type", unsigned{kObject}}};
  // Some member has a key that `keys` allows and a value that breaks `broken`.
  const auto some_member = [&](Json keys, const Json& broken) {
    Json way = object;
    way["some member"] = Json{{"keys", std::move(keys)}, {"value", link(broken, true)}};
    ways.push_back(std::move(way));
  };
  if (keyword == "required") {
    for (const Json& name : *document_.array(schema, "required")) {
      if (!name.is_string()) document_.error(name, "must be the name of a property");
      Json way = object;
      way["properties"] = object_with(name.get<std::string>(), Json(false));
      ways.push_back(std::move(way));
    }
  } else if (keyword == "properties") {
    for (const auto& [name, one] : document_.object(schema, "properties")->items()) {
      if (allows_all(&document_.check_schema(one))) continue;
      Json way = object;
      way["required"] = Json::array({name});
      way["properties"] = object_with(name, link(one, true));
      ways.push_back(std::move(way));
    }
  } else if (keyword == "patternProperties") {
    for (const auto& [text, one] : document_.object(schema, "patternProperties")->items()) {
      if (!allows_all(&document_.check_schema(one))) some_member(Json{{"pattern", text}}, one);
    }
  } else if (keyword == "additionalProperties") {
    if (allows_all(document_.schema(schema, "additionalProperties"))) return true;
    Json names = Json::array(), without = Json::array();
    if (const Json* own = document_.object(schema, "properties")) {
      for (const auto& [name, one] : own->items()) names.push_back(name);
    }
    if (const Json* patterns = document_.object(schema, "patternProperties")) {
      for (const auto& [text, one] : patterns->items())
        without.push_back(Json{{"not pattern", text}});
    }
    some_member(Json{{"not enum", names}, {"allOf", without}}, value);
  } else if (keyword == "propertyNames") {
    if (allows_all(document_.schema(schema, "propertyNames"))) return true;
    Json way = object;
    way["some member"] = Json{{"keys", link(value, true)}, {"value", true}};
    ways.push_back(std::move(way));
  } else if (keyword == "minProperties") {
    if (const auto least = *document_.count(schema, "minProperties"); least > 0)
      ways.push_back(Json{{"type", unsigned{kObject}}, {"maxProperties", least - 1}});
  } else if (keyword == "maxProperties") {
    const std::uint64_t most = *document_.count(schema, "maxProperties");
    ways.push_back(Json{{"type", unsigned{kObject}}, {"minProperties", most + 1}});
  } else if (is_one_of(keyword, {"dependentRequired", "dependentSchemas", "dependencies"})) {
    for (const auto& [name, need] : document_.object(schema, keyword.c_str())->items()) {
      const Json present = Json{{"type", unsigned{kObject}}, {"required", Json::array({name})}};
      if (!need.is_array()) {
        ways.push_back(Json{{"allOf", Json::array({present, link(need, true)})}});
        continue;
      }
      for (const Json& other : need) {
        if (!other.is_string()) document_.error(other, "must be the name of a property");
        Json way = present;
        way["properties"] = object_with(other.get<std::string>(), Json(false));
        ways.push_back(std::move(way));
      }
    }
  }
  return true;
}

bool SchemaCompiler::negate_array(const std::string& keyword, const Json& schema, Json& ways) {
  const Json& value = *document_.find(schema, keyword.c_str());
  const auto add = [&](const char* name, Json limit) {
    Json way = Json{{"type", unsigned{kArray}}};
    way[name] = std::move(limit);
    ways.push_back(std::move(way));
  };
  const Json* items = document_.find(schema, "items");
  const bool old = items != nullptr && items->is_array();
  const Json* list = old ? items : document_.array(schema, "prefixItems");
  const std::size_t listed = list == nullptr ? 0 : list->size();
  if (keyword == (old ? "items" : "prefixItems")) {
    for (std::size_t i = 0; i < listed; ++i) {
      if (allows_all(&document_.check_schema((*list)[i]))) continue;
      Json before = Json::array();
      for (std::size_t k = 0; k < i; ++k) before.push_back(true);
      before.push_back(link((*list)[i], true));
      Json way = Json{{"type", unsigned{kArray}}, {"minItems", i + 1}};
      way["prefixItems"] = std::move(before);
      ways.push_back(std::move(way));
    }
  } else if (keyword == (old ? "additionalItems" : "items")) {
    if (allows_all(document_.schema(schema, keyword.c_str()))) return true;
    Json way = Json{{"type", unsigned{kArray}}, {"contains", link(value, true)}};
    way["contains from"] = listed;
    ways.push_back(std::move(way));
  } else if (keyword == "minItems") {
    if (const auto least = *document_.count(schema, "minItems"); least > 0)
      add("maxItems", least - 1);
  } else if (keyword == "maxItems") {
    add("minItems", std::uint64_t{*document_.count(schema, "maxItems")} + 1);
  } else if (keyword == "contains") {
    const auto least = document_.count(schema, "minContains").value_or(1);
    const auto most = document_.count(schema, "maxContains");
    const auto add_contains = [&](const char* name, std::uint64_t count) {
      Json way = Json{{"type", unsigned{kArray}}, {"contains", link(value)}, {"minContains", 0}};
      way[name] = count;
      ways.push_back(std::move(way));
    };
    if (least > 0) add_contains("maxContains", least - 1);
    if (most) add_contains("minContains", std::uint64_t{*most} + 1);
  } else if (keyword == "uniqueItems") {
    return !document_.flag(schema, "uniqueItems");
  }
  return true;
}

}  // namespace parley::engine
