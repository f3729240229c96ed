// The `data` section of parley.yaml.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/fields.hpp"

namespace parley::data {

inline constexpr std::array<std::string_view, 5> kDataFormats = {"auto", "openai", "sharegpt",
                                                                 "csv", "document"};

struct DataSource {
  std::string path;  // file, folder or glob, relative to the project; exactly one of path, grammar
  std::string grammar;          // a dialogue grammar (docs/grammar.md)
  std::string format = "auto";  // one of kDataFormats
  std::string columns;          // tables, JSON: "user=question,assistant=answer"
  int count = 0;                // grammar: how many dialogues
  std::uint64_t seed = 1;       // grammar
  std::string speakers;         // whose words are whose: "user=Anna,assistant=Ben"
};

struct DataSettings {
  std::vector<DataSource> sources;
  double validation = 0.05;  // share of conversations held out, by hash
  double near_duplicates =
      0.85;  // Jaccard similarity of word 5-grams from which a conversation is dropped; 1 = off
};

void describe(Fields& at, DataSettings& settings);

}  // namespace parley::data
