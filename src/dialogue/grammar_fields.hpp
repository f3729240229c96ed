// Reads the small parts of a grammar: names, texts, numbers, the keys of a map. What does not fit
// is refused with the file, the line and the part of the grammar it stands in.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"

namespace parley::dialogue {

// Letters, digits and _, at most 64, no digit first.
bool is_name(std::string_view text);
// Without the white space around it.
std::string_view trim(std::string_view text);
// The parts between the separators, each trimmed.
std::vector<std::string_view> split(std::string_view text, char separator);

// Errors of all functions: kInvalidInput FILE:LINE.
struct GrammarFields {
  std::string where;    // file name
  std::string context;  // "rule 'x': "

  std::string text(const yaml::Value& value) const;
  std::string text_or(const yaml::Value& map, const char* key, const char* otherwise) const;
  double weight(const yaml::Value& map) const;                  // of the key 'weight'; 1 without
  double share(const yaml::Value& map, const char* key) const;  // 0 to 1; 0 without
  // The map has no other keys than these.
  void keys(const yaml::Value& map, const std::vector<std::string>& known) const;
  void need_map(const yaml::Value& value, const char* what) const;
  void need_list(const yaml::Value& value, const char* what) const;
  void need_name(const std::string& name, int line) const;
  [[noreturn]] void wrong(int line, const std::string& what, std::string hint = {}) const;
};

}  // namespace parley::dialogue
