#include "message/part_schema.hpp"

#include <fmt/format.h>

#include <optional>
#include <type_traits>

#include "message/part.hpp"
#include "message/plain_text.hpp"

namespace parley::message {
namespace {

// The type of a field in both languages.
struct FieldType {
  const char* schema;
  const char* typescript;
  bool required;
};
FieldType field_type(const std::string*) {
  return {"string", "string", true};
}
FieldType field_type(const bool*) {
  return {"boolean", "boolean", true};
}
template <typename T>
FieldType field_type(const std::optional<T>*) {
  FieldType type = field_type(static_cast<const T*>(nullptr));
  type.required = false;
  return type;
}

template <typename Kind, typename T>
FieldType type_of(T Kind::*) {
  return field_type(static_cast<const T*>(nullptr));
}

// "tool_call" → "ToolCallPart"
std::string interface_name(std::string_view kind) {
  std::string out;
  bool upper = true;
  for (const char c : kind) {
    if (c != '_') out += upper ? static_cast<char>(c - 'a' + 'A') : c;
    upper = c == '_';
  }
  return out + "Part";
}

template <typename Kind>
Json kind_schema() {
  Json properties = {{"type", {{"const", Kind::kType}}}};
  Json required = Json::array({"type"});
  auto add = [&](const char* name, const char* what, auto member) {
    const FieldType type = type_of(member);
    properties[name] = {{"type", type.schema}, {"description", what}};
    if (type.required) required.push_back(name);
  };
  Kind::describe(add);
  return {{"type", "object"},
          {"description", Kind::kWhat},
          {"properties", std::move(properties)},
          {"required", std::move(required)},
          {"additionalProperties", false}};
}

template <typename Kind>
std::string kind_typescript() {
  std::string out = fmt::format("// {}.\nexport interface {} {{\n  type: '{}';\n", Kind::kWhat,
                                interface_name(Kind::kType), Kind::kType);
  auto add = [&](const char* name, const char* what, auto member) {
    const FieldType type = type_of(member);
    out +=
        fmt::format("  {}{}: {}; // {}\n", name, type.required ? "" : "?", type.typescript, what);
  };
  Kind::describe(add);
  return out + "}\n\n";
}

}  // namespace

Json parts_schema() {
  Json kinds = Json::array();
  for_each_kind([&]<typename Kind>(const Kind&) { kinds.push_back(kind_schema<Kind>()); });
  return {{"$schema", "http://json-schema.org/draft-07/schema#"},
          {"title", "The parts of a message"},
          {"type", "array"},
          {"items", {{"oneOf", std::move(kinds)}}}};
}

std::string parts_typescript() {
  std::string out =
      "// The typed parts of a message. Generated from src/message/part.hpp, not written by "
      "hand.\n\n";
  std::string all, growing;
  for_each_kind([&]<typename Kind>(const Kind&) {
    out += kind_typescript<Kind>();
    all += " | " + interface_name(Kind::kType);
    if constexpr (Growing<Kind>) {
      auto add = [&](const char* name, const char*, auto member) {
        if constexpr (std::is_same_v<decltype(member), std::string Kind::*>) {
          if (member == Kind::kGrows) growing += fmt::format("  {}: '{}',\n", Kind::kType, name);
        }
      };
      Kind::describe(add);
    }
  });
  out += "export type Part =" + all.substr(2) + ";\n\n";
  out +=
      "// The field of a part that grows while a reply is being written.\nexport const kGrows = "
      "{\n" +
      growing + "} as const;\n\n";
  out += "// Between two parts of a message's plain text.\n";
  std::string gap = to_text(Json(kPartGap));
  gap.front() = gap.back() = '\'';
  out += "export const kPartGap = " + gap + ";\n";
  return out;
}

}  // namespace parley::message
