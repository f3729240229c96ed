#include "prompt/argument_types.hpp"

#include <set>
#include <string>

#include "prompt/python_calls.hpp"

namespace parley::text {
namespace {

constexpr int kMaxSchemas = 256;  // that are looked at: references may go in circles

std::string type_of(const Json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "boolean";
  if (value.is_number_integer()) return "integer";
  if (value.is_number()) return "number";
  if (value.is_string()) return "string";
  return value.is_array() ? "array" : "object";
}

const Json* member(const Json& object, std::string_view name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : &*found;
}

// Gathers the types that a schema allows, as its words name them; none where it does not say.
class Types {
 public:
  explicit Types(const Json& root) : root_(root) {}

  void add(const Json& schema) {
    if (!schema.is_object() || ++seen_ > kMaxSchemas) return;
    if (const Json* type = member(schema, "type")) {
      for (const Json& each : type->is_array() ? *type : Json::array({*type})) {
        if (each.is_string()) names_.insert(each.get<std::string>());
      }
      return;
    }
    if (const Json* value = member(schema, "const")) names_.insert(type_of(*value));
    if (const Json* values = member(schema, "enum"); values && values->is_array()) {
      for (const Json& value : *values) names_.insert(type_of(value));
    }
    for (const char* choice : {"anyOf", "oneOf", "allOf"}) {
      const Json* schemas = member(schema, choice);
      if (schemas == nullptr || !schemas->is_array()) continue;
      for (const Json& each : *schemas) add(each);
    }
    const Json* reference = member(schema, "$ref");
    if (reference && reference->is_string()) add_reference(reference->get<std::string>());
  }

  bool say_nothing() const { return names_.empty(); }
  bool allow_text() const { return names_.contains("string"); }
  // Whether they allow `value` otherwise than as text.
  bool allow(const Json& value) const {
    if (value.is_string()) return false;
    return names_.contains(type_of(value)) ||
           (value.is_number_integer() && names_.contains("number"));
  }

 private:
  // Of the same schema: "#/$defs/NAME".
  void add_reference(const std::string& reference) {
    if (!reference.starts_with('#')) return;
    try {
      add(root_.at(Json::json_pointer(reference.substr(1))));
    } catch (const Json::exception&) {  // it leads nowhere: nothing is said
    }
  }

  const Json& root_;
  std::set<std::string> names_;
  int seen_ = 0;
};

}  // namespace

Json argument_of(const Json* function, std::string_view name, std::string_view value) {
  const Json nothing;
  const Json* parameters = function ? member(*function, "parameters") : nullptr;
  Types types(parameters ? *parameters : nothing);
  if (const Json* properties = parameters ? member(*parameters, "properties") : nullptr) {
    if (const Json* schema = member(*properties, name)) types.add(*schema);
  }
  const std::optional<Json> read = try_parse_json(value);
  if (read && (types.say_nothing() || types.allow(*read))) return *read;
  if (!types.say_nothing()) {
    const std::optional<Json> python = parse_python_literal(value);
    if (python && types.allow(*python)) return *python;
  }
  const Json text(std::string{value});
  return types.allow_text() ? text : read.value_or(text);
}

}  // namespace parley::text
