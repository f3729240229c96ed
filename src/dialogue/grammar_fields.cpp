#include "dialogue/grammar_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/suggest.hpp"

namespace parley::dialogue {

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > 64 || (text[0] >= '0' && text[0] <= '9')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(separator, from), text.size());
    parts.push_back(trim(text.substr(from, to - from)));
    from = to + 1;
  }
  return parts;
}

std::string GrammarFields::text(const yaml::Value& value) const {
  if (!value.is_scalar()) wrong(value.line, "expected text, found " + yaml::describe(value));
  return value.text;
}

std::string GrammarFields::text_or(const yaml::Value& map, const char* key,
                                   const char* otherwise) const {
  const auto* value = map.find(key);
  return value ? text(*value) : otherwise;
}

double GrammarFields::weight(const yaml::Value& map) const {
  const auto* value = map.find("weight");
  if (!value) return 1;
  const auto number = value->as_number();
  if (!number || *number < 0 || *number > 1e6) {
    wrong(value->line,
          "weight: expected a number from 0 to 1000000, found " + yaml::describe(*value));
  }
  return *number;
}

double GrammarFields::share(const yaml::Value& map, const char* key) const {
  const auto* value = map.find(key);
  if (!value) return 0;
  const auto number = value->as_number();
  if (!number || *number < 0 || *number > 1) {
    wrong(value->line,
          fmt::format("{}: expected a share from 0 to 1, found {}", key, yaml::describe(*value)));
  }
  return *number;
}

void GrammarFields::keys(const yaml::Value& map, const std::vector<std::string>& known) const {
  for (const yaml::Entry& entry : map.entries) {
    if (std::find(known.begin(), known.end(), entry.key) == known.end()) {
      wrong(entry.line, "unknown key '" + entry.key + "'" + did_you_mean(entry.key, known));
    }
  }
}

void GrammarFields::need_map(const yaml::Value& value, const char* what) const {
  if (!value.is_map())
    wrong(value.line, fmt::format("{}: expected a map, found {}", what, yaml::describe(value)));
}

void GrammarFields::need_list(const yaml::Value& value, const char* what) const {
  if (!value.is_list())
    wrong(value.line, fmt::format("{}: expected a list, found {}", what, yaml::describe(value)));
}

void GrammarFields::need_name(const std::string& name, int line) const {
  if (!is_name(name)) wrong(line, "expected a name of letters, digits and _, found '" + name + "'");
}

void GrammarFields::wrong(int line, const std::string& what, std::string hint) const {
  yaml::fail_at(where, line, context + what, std::move(hint));
}

}  // namespace parley::dialogue
