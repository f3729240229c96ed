#include "chat/model/forced_call.hpp"

#include <chrono>
#include <utility>

#include "base/error.hpp"

namespace parley::chat {
namespace {

using text::ToolCallStyle;

// One call in the family's own JSON.
struct Shape {
  const char* begun;
  const char* name;
  const char* arguments;
  bool list;  // calls come as an array
  ToolCallStyle read_as;
};

Shape shape_of(ToolCallStyle style) {
  switch (style) {
    case ToolCallStyle::kMistral:
      return {"[TOOL_CALLS]", "name", "arguments", true, style};
    case ToolCallStyle::kMarked:
      return {"<|tool_call|>", "name", "arguments", true, style};
    case ToolCallStyle::kAction:
      return {"<|START_ACTION|>", "tool_name", "parameters", true, style};
    case ToolCallStyle::kTagged:
      return {"<tool_call>\n", "name", "arguments", false, style};
    // Python's notation has no schema; those models know JSON calls from their predecessors.
    case ToolCallStyle::kPythonic:
    case ToolCallStyle::kBareJson:
    case ToolCallStyle::kNone:
      break;
  }
  return {"", "name", "parameters", false, ToolCallStyle::kBareJson};
}

Json parameters_of(const Json& function) {
  if (function.contains("parameters") && !function["parameters"].is_null())
    return function["parameters"];
  return {{"type", "object"}, {"properties", Json::object()}, {"additionalProperties", false}};
}

// $refs of a tool's schema are relative to its own root, which moves into the call's: the
// definitions go along under a name of their own.
void move_references(Json& schema, const std::string& root) {
  if (schema.is_array() || schema.is_object()) {
    for (auto& item : schema) move_references(item, root);
  }
  if (!schema.is_object() || !schema.contains("$ref") || !schema["$ref"].is_string()) return;
  const auto target = schema["$ref"].get<std::string>();
  if (target == "#" || target.starts_with("#/")) schema["$ref"] = "#" + root + target.substr(1);
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
  const Shape shape = shape_of(style);
  Json calls = Json::array();
  const std::string below = shape.list ? "/items/anyOf/" : "/anyOf/";
  for (const Json& tool : tools) {
    const Json& function = tool["function"];
    const auto own = function["name"].get<std::string>();
    if (!name.empty() && own != name) continue;
    Json parameters = parameters_of(function);
    move_references(parameters,
                    below + std::to_string(calls.size()) + "/properties/" + shape.arguments);
    calls.push_back(
        {{"type", "object"},
         {"properties", {{shape.name, {{"const", own}}}, {shape.arguments, parameters}}},
         {"required", {shape.name, shape.arguments}},
         {"additionalProperties", false}});
  }
  if (calls.empty()) fail(ErrorKind::kInvalidInput, "there is no tool '" + std::string(name) + "'");
  Json schema = {{"anyOf", std::move(calls)}};
  if (shape.list)
    schema = {{"type", "array"}, {"items", std::move(schema)}, {"minItems", 1}, {"maxItems", 1}};
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
  return {shape.begun, std::move(source), shape.read_as};
}

}  // namespace parley::chat
