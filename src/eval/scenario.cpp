#include "eval/scenario.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/fields.hpp"
#include "base/file.hpp"
#include "base/suggest.hpp"

namespace parley::eval {
namespace {
namespace fs = std::filesystem;

std::string listed(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : " or ") + value;
  return text;
}

class Reader {
 public:
  Reader(const std::string& file, const Catalogue* catalogue)
      : file_(file), catalogue_(catalogue) {}

  void describe(Fields& at, std::vector<Scenario>& scenarios) {
    at.list("scenarios", "the scenarios", 100'000, [&](Fields& item) {
      Scenario scenario;
      scenario.file = file_;
      describe_scenario(item, scenario);
      scenarios.push_back(std::move(scenario));
    });
  }

 private:
  void describe_scenario(Fields& at, Scenario& scenario) {
    at.text("name", "what is tested", {.required = true, .max_bytes = 200}, into(scenario.name));
    scenario.line = at.line_of("name");
    at.texts("tags", "words to filter by", 50, true, {.max_bytes = 60}, into(scenario.tags));
    at.list("turns", "what the user says, one after the other", 100, [&](Fields& item) {
      ScenarioTurn turn;
      item.text("user", "what the user says", {.required = true}, into(turn.user));
      item.map("expect", "what the reply must hold",
               [&](Fields& in) { describe_expectation(in, turn.expect); });
      scenario.turns.push_back(std::move(turn));
    });
    const bool tests_something =
        std::any_of(scenario.turns.begin(), scenario.turns.end(),
                    [](const ScenarioTurn& turn) { return !turn.expect.empty(); });
    if (!tests_something) {
      yaml::fail_at(
          file_, scenario.line, fmt::format("scenario '{}' expects nothing", scenario.name),
          "add 'turns:' with a 'user:' and an 'expect:' (contains, matches, mentions_title, …)");
    }
  }

  void describe_expectation(Fields& at, Expectation& e) {
    at.texts("contains", "texts that must all occur, whatever the case", 50, true, {},
             into(e.contains));
    at.texts("contains_any", "texts of which one must occur", 50, true, {}, into(e.contains_any));
    at.texts("not_contains", "texts that must not occur", 50, true, {}, into(e.not_contains));
    at.texts("matches", "regular expressions that must all match somewhere", 50, true,
             {.max_bytes = 500},
             [&](std::vector<std::string> v) { e.matches = compile(at, "matches", v); });
    at.texts("not_matches", "regular expressions that must not match", 50, true, {.max_bytes = 500},
             [&](std::vector<std::string> v) { e.not_matches = compile(at, "not_matches", v); });
    at.integer("max_words", "the longest reply, in words", 1, 10'000, into(e.max_words));
    at.integer("min_words", "the shortest reply, in words", 1, 10'000, into(e.min_words));
    at.labels("mentions_title",
              "columns of the catalogue and the value a named title must have there",
              [&](Fields::Labels v) { e.mentions_title = title(at.line_of("mentions_title"), v); });
    at.flag("no_title", "true: no title of the catalogue may be named", into(e.no_title));
    if (e.no_title) need_catalogue(at.line_of("no_title"), "no_title");
  }

  std::vector<Pattern> compile(const Fields& at, const char* key,
                               const std::vector<std::string>& texts) const {
    std::vector<Pattern> patterns;
    for (const std::string& text : texts) {
      try {
        patterns.push_back({text, std::regex(text, std::regex::ECMAScript | std::regex::icase)});
      } catch (const std::regex_error& error) {
        yaml::fail_at(file_, at.line_of(key),
                      fmt::format("{}: '{}' is no regular expression: {}", key, text, error.what()),
                      "in double quotes YAML needs two backslashes for one");
      }
    }
    return patterns;
  }

  void need_catalogue(int line, const char* key) const {
    if (catalogue_) return;
    yaml::fail_at(file_, line, fmt::format("{}: the project has no catalogue", key),
                  "add data/catalogue.csv with a 'title' column");
  }

  Expectation::Title title(int line, const Fields::Labels& labels) const {
    need_catalogue(line, "mentions_title");
    Expectation::Title title;
    const dialogue::Table& table = catalogue_->table();
    for (const auto& [column, values] : labels) {
      title.text += fmt::format("{}{}: {}", title.text.empty() ? "" : ", ", column, listed(values));
      if (column == "new") {
        if (values != std::vector<std::string>{"true"})
          yaml::fail_at(file_, line, "mentions_title.new: expected true");
        title.new_title = true;
        continue;
      }
      const int index = table.column(column);
      if (index < 0) {
        yaml::fail_at(file_, line,
                      fmt::format("mentions_title: the catalogue has no column '{}'{}", column,
                                  did_you_mean(column, table.columns)));
      }
      for (const std::string& value : values) check_value(line, index, column, value);
      title.columns.emplace_back(index, values);
    }
    return title;
  }

  void check_value(int line, int index, const std::string& column, const std::string& value) const {
    std::vector<std::string> known;
    for (std::size_t row = 0; row < catalogue_->table().rows.size(); ++row) {
      if (catalogue_->has(row, index, {value})) return;
      for (const std::string& each : catalogue_->table().rows[row][index]) known.push_back(each);
    }
    yaml::fail_at(file_, line,
                  fmt::format("mentions_title.{}: no title of the catalogue has '{}'{}", column,
                              value, did_you_mean(value, known)));
  }

  const std::string& file_;
  const Catalogue* catalogue_;
};

int count_words(std::string_view text) {
  const std::string plain = normalized(text);
  return plain.empty() ? 0 : 1 + static_cast<int>(std::count(plain.begin(), plain.end(), ' '));
}

}  // namespace

bool Expectation::empty() const {
  return contains.empty() && contains_any.empty() && not_contains.empty() && matches.empty() &&
         not_matches.empty() && !max_words && !min_words && !mentions_title && !no_title;
}

std::vector<Scenario> parse_scenarios(std::string_view text, const std::string& file,
                                      const Catalogue* catalogue) {
  std::vector<Scenario> scenarios;
  Reader reader(file, catalogue);
  load_fields(yaml::parse(text, file), file, "",
              [&](Fields& at) { reader.describe(at, scenarios); });
  return scenarios;
}

ScenarioSet load_scenarios(const fs::path& root) {
  ScenarioSet set;
  const fs::path catalogue = root / "data" / "catalogue.csv";
  if (fs::exists(catalogue)) set.catalogue = std::make_shared<Catalogue>(catalogue);
  std::vector<fs::path> files;
  if (fs::is_directory(root / "tests")) {
    for (const auto& entry : fs::directory_iterator(root / "tests")) {
      const auto extension = entry.path().extension();
      if (extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  std::map<std::string, const Scenario*> names;
  for (const fs::path& path : files) {
    const std::string file = "tests/" + path.filename().string();
    auto scenarios = parse_scenarios(read_file(path, 16u << 20), file, set.catalogue.get());
    std::move(scenarios.begin(), scenarios.end(), std::back_inserter(set.scenarios));
  }
  for (const Scenario& scenario : set.scenarios) {
    const auto [first, added] = names.emplace(scenario.name, &scenario);
    if (!added) {
      yaml::fail_at(scenario.file, scenario.line,
                    fmt::format("scenario '{}' appears twice (first in {}:{})", scenario.name,
                                first->second->file, first->second->line),
                    "give it a name of its own");
    }
  }
  if (set.scenarios.empty()) {
    fail(ErrorKind::kNotFound, (root / "tests").string() + ": no scenarios",
         "write one in tests/first.yaml; docs/project.md shows how");
  }
  return set;
}

std::vector<std::string> unmet(const Expectation& expect, std::string_view reply,
                               std::string_view user, std::string_view earlier,
                               const Catalogue* catalogue) {
  std::vector<std::string> failures;
  const std::string text = normalized(reply);
  const auto holds = [&](const std::string& wanted) {
    return text.find(normalized(wanted)) != std::string::npos;
  };
  for (const std::string& wanted : expect.contains) {
    if (!holds(wanted)) failures.push_back(fmt::format("contains \"{}\"", wanted));
  }
  if (!expect.contains_any.empty() &&
      std::none_of(expect.contains_any.begin(), expect.contains_any.end(), holds)) {
    failures.push_back(fmt::format("contains any of: {}", listed(expect.contains_any)));
  }
  for (const std::string& unwanted : expect.not_contains) {
    if (holds(unwanted)) failures.push_back(fmt::format("does not contain \"{}\"", unwanted));
  }
  const std::string whole(reply.substr(0, 20'000));  // std::regex recurses on the text it reads
  for (const Pattern& pattern : expect.matches) {
    if (!std::regex_search(whole, pattern.compiled))
      failures.push_back(fmt::format("matches /{}/", pattern.text));
  }
  for (const Pattern& pattern : expect.not_matches) {
    if (std::regex_search(whole, pattern.compiled))
      failures.push_back(fmt::format("does not match /{}/", pattern.text));
  }
  const int words = count_words(reply);
  if (expect.max_words && words > *expect.max_words) {
    failures.push_back(fmt::format("at most {} words, has {}", *expect.max_words, words));
  }
  if (expect.min_words && words < *expect.min_words) {
    failures.push_back(fmt::format("at least {} words, has {}", *expect.min_words, words));
  }
  if (expect.mentions_title && catalogue) {
    const auto asked = catalogue->mentioned(user);
    const auto before = expect.mentions_title->new_title ? catalogue->mentioned(earlier)
                                                         : std::vector<std::size_t>{};
    const auto named = catalogue->mentioned(reply);
    const bool found = std::any_of(named.begin(), named.end(), [&](std::size_t row) {
      return std::find(asked.begin(), asked.end(), row) == asked.end() &&
             std::find(before.begin(), before.end(), row) == before.end() &&
             std::all_of(expect.mentions_title->columns.begin(),
                         expect.mentions_title->columns.end(), [&](const auto& column) {
                           return catalogue->has(row, column.first, column.second);
                         });
    });
    if (!found) {
      failures.push_back(fmt::format(
          "names a{} title of the catalogue{}{}", expect.mentions_title->new_title ? " new" : "",
          expect.mentions_title->text.empty() ? "" : " with ", expect.mentions_title->text));
    }
  }
  if (expect.no_title && catalogue) {
    for (const std::size_t row : catalogue->mentioned(reply)) {
      failures.push_back(fmt::format("names no title, names \"{}\"", catalogue->title(row)));
    }
  }
  return failures;
}

}  // namespace parley::eval
