// Scenario tests of an assistant: conversations with what each reply must and must not hold. Files
// are tests/*.yaml of a project; docs/project.md describes them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/catalogue.hpp"

namespace parley::eval {

struct Pattern {
  std::string text;
  std::regex compiled;  // case-insensitive
};

struct Expectation {
  std::vector<std::string> contains;      // all of them, whatever the case
  std::vector<std::string> contains_any;  // at least one
  std::vector<std::string> not_contains;
  std::vector<Pattern> matches, not_matches;
  std::optional<int> max_words, min_words;
  // A title of the catalogue that the user did not just name, whose columns hold these values; with
  // `new_title`, one that no earlier message named.
  struct Title {
    std::vector<std::pair<int, std::vector<std::string>>> columns;
    bool new_title = false;
    std::string text;  // as written, for reports
  };
  std::optional<Title> mentions_title;
  bool no_title = false;
  bool empty() const;
};

struct ScenarioTurn {
  std::string user;
  Expectation expect;
};

struct Scenario {
  std::string name;
  std::string file;  // relative to the project
  int line = 0;
  std::vector<std::string> tags;
  std::vector<ScenarioTurn> turns;
};

struct ScenarioSet {
  std::vector<Scenario> scenarios;
  std::shared_ptr<const Catalogue> catalogue;  // null when the project has none
};

// Reads every tests/*.yaml of the project at `root`, in the order of their names. Errors:
// kInvalidInput FILE:LINE; kNotFound when there are no tests.
ScenarioSet load_scenarios(const std::filesystem::path& root);
std::vector<Scenario> parse_scenarios(std::string_view text, const std::string& file,
                                      const Catalogue* catalogue);

// One sentence for each expectation that `reply` does not meet. `earlier` is every message before
// the user's, joined.
std::vector<std::string> unmet(const Expectation& expect, std::string_view reply,
                               std::string_view user, std::string_view earlier,
                               const Catalogue* catalogue);

}  // namespace parley::eval
