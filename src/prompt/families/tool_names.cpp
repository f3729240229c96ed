#include "prompt/families/tool_names.hpp"

#include <algorithm>

namespace parley::text {

const Json* find_tool(const Json& tools, std::string_view name) {
  if (!tools.is_array()) return nullptr;
  for (const Json& tool : tools) {
    if (!tool.is_object()) continue;
    const auto inner = tool.find("function");
    const Json& function = inner != tool.end() && inner->is_object() ? *inner : tool;
    const auto found = function.find("name");
    if (found != function.end() && found->is_string() &&
        found->get_ref<const std::string&>() == name) {
      return &function;
    }
  }
  return nullptr;
}

bool may_call(const Json* tools, std::string_view name) {
  return is_tool_name(name) && (tools == nullptr || find_tool(*tools, name) != nullptr);
}

const Json& offered_tools(const Json* tools) {
  static const Json none = Json::array();
  return tools != nullptr ? *tools : none;
}

bool is_tool_name(std::string_view name) {
  if (name.empty() || name.size() > 256) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("_-.:/").find(c) != std::string_view::npos;
  });
}

}  // namespace parley::text
