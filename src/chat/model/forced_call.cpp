#include "chat/model/forced_call.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "prompt/families/family.hpp"

namespace parley::chat {
namespace {

using text::ForcedForm;
using text::ToolCallStyle;

Json parameters_of(const Json& function) {
  if (function.contains("parameters") && !function["parameters"].is_null())
    return function["parameters"];
  return {{"type", "object"}, {"properties", Json::object()}};
}

// $refs of a tool's schema are relative to its own root, which moves into the call's: the
// definitions go along under a name of their own.
void move_references(Json& schema, const std::string& root) {
  if (schema.is_array() || schema.is_object()) {
    for (auto& item : schema) move_references(item, root);
  }
  if (!schema.is_object() || !schema.contains("$ref") || !schema["$ref"].is_string()) return;
  const auto target = schema["$ref"].get<std::string>();
  if (target.starts_with("#")) schema["$ref"] = "#" + root + target.substr(1);
}

// An object of name and arguments, in the family's list where it writes one.
Json calls_schema(const ForcedForm& form, const std::vector<const Json*>& functions) {
  const std::string arguments(form.arguments);
  const std::string below = form.list ? "/items/anyOf/" : "/anyOf/";
  Json calls = Json::array();
  for (const Json* function : functions) {
    Json parameters = parameters_of(*function);
    move_references(parameters, below + std::to_string(calls.size()) + "/properties/" + arguments);
    calls.push_back(
        {{"type", "object"},
         {"properties",
          {{std::string(form.name), {{"const", (*function)["name"]}}}, {arguments, parameters}}},
         {"required", {std::string(form.name), arguments}},
         {"additionalProperties", false}});
  }
  Json schema = {{"anyOf", std::move(calls)}};
  if (!form.list) return schema;
  return {{"type", "array"}, {"items", std::move(schema)}, {"minItems", 1}, {"maxItems", 1}};
}

// Which of the tools has parameters that cannot be compiled? Looked for only when the whole has
// failed, and not for long: a request shall not cost a compilation for each of many tools.
void blame_tool(const Json& tools, std::string_view name) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(1);
  for (const Json& tool : tools) {
    const auto own = tool["function"]["name"].get<std::string>();
    if (!name.empty() && own != name) continue;
    try {
      engine::compile_json_schema(parameters_of(tool["function"]));
    } catch (const Error& e) {
      if (e.kind() != ErrorKind::kInvalidInput) throw;
      fail(ErrorKind::kInvalidInput, "parameters of the tool '" + own + "': " + e.message());
    }
    if (std::chrono::steady_clock::now() > until) break;
  }
}

}  // namespace

ForcedCall force_tool_call(ToolCallStyle style, const Json& tools, std::string_view name) {
  // A family whose notation has no schema calls in words.
  const text::Family* family = text::family_of(style);
  const ForcedForm form = family ? family->forced : text::kForcedWords;
  std::vector<const Json*> functions;
  for (const Json& tool : tools) {
    const Json& function = tool["function"];
    if (name.empty() || function["name"] == name) functions.push_back(&function);
  }
  if (functions.empty())
    fail(ErrorKind::kInvalidInput, "there is no tool '" + std::string(name) + "'");
  std::string begun(form.begun);
  Json schema;
  if (functions.size() == 1 && !form.behind_name.empty()) {
    begun = std::string(form.named) + (*functions[0])["name"].get<std::string>() +
            std::string(form.behind_name);
    schema = parameters_of(*functions[0]);
  } else {
    schema = calls_schema(form, functions);
  }
  engine::ConstraintSource source = engine::json_schema_source(schema);
  source.key = "call " + source.key;  // its errors are others
  source.compile = [compile = std::move(source.compile), tools, name = std::string(name)] {
    try {
      return compile();
    } catch (const Error& e) {
      if (e.kind() == ErrorKind::kInvalidInput) blame_tool(tools, name);
      throw;
    }
  };
  return {std::move(begun), std::move(source), family ? style : ToolCallStyle::kLlama};
}

}  // namespace parley::chat
