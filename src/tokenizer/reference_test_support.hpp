// The tokenizers of tests/fixtures/tokenizers, for tests.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace parley::test {

inline const std::filesystem::path& tokenizer_fixtures() {
  static const auto path =
      std::filesystem::path(PARLEY_SOURCE_DIR) / "tests" / "fixtures" / "tokenizers";
  return path;
}

inline const Json& tokenizer_variants() {
  static const Json made = read_json_file(tokenizer_fixtures() / "hugging_face.json");
  return made;
}

inline std::vector<std::string> tokenizer_variant_names() {
  std::vector<std::string> out;
  for (const auto& [name, json] : tokenizer_variants()["variants"].items()) out.push_back(name);
  return out;
}

// A variant's tokenizer.json, with its model's vocabulary put back.
inline Json tokenizer_variant(const std::string& name) {
  const Json& all = tokenizer_variants();
  Json json = all["variants"][name];
  json["model"].update(all["vocabularies"][json["vocabulary"].get<std::size_t>()]);
  return json;
}

// The size of a tokenizer.json's vocabulary, added tokens included.
inline std::size_t tokenizer_size(const Json& json) {
  std::size_t size = json["model"]["vocab"].size();
  for (const Json& token : json["added_tokens"])
    size = std::max(size, token["id"].get<std::size_t>() + 1);
  return size;
}

// Adds a token behind the vocabulary; gives its id.
inline int add_token(Json& json, const std::string& content, bool special, bool normalized) {
  const std::size_t id = tokenizer_size(json);
  json["added_tokens"].push_back({{"id", id},
                                  {"content", content},
                                  {"single_word", false},
                                  {"lstrip", false},
                                  {"rstrip", false},
                                  {"normalized", normalized},
                                  {"special", special}});
  return static_cast<int>(id);
}

}  // namespace parley::test
