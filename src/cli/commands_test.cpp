// Command lines are checked without running them: what the help and the documents show is accepted,
// nonsense is refused by its name, and choices are those that the floors below know.
#include "cli/commands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "base/file.hpp"
#include "cli/train_options.hpp"
#include "data/settings.hpp"
#include "nn/kernels/packed_linear.hpp"
#include "train/run/settings.hpp"

namespace parley::cli {
namespace commands_test {
namespace fs = std::filesystem;

struct Commands {
  Commands() { add_commands(app, action); }

  // Why the command line is refused; "" when it is accepted and asks for something.
  std::string refusal(const std::vector<std::string>& words) {
    action = nullptr;
    try {
      app.parse(
          std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 wants the last first
    } catch (const CLI::ParseError& error) {
      return std::string(error.get_name()) + ": " + error.what();
    }
    return action ? "" : "accepted, and nothing to do";
  }
  std::string refusal_of_line(const std::string& line) {
    action = nullptr;
    try {
      app.parse(line, true);
    } catch (const CLI::ParseError& error) {
      return std::string(error.get_name()) + ": " + error.what();
    }
    return action ? "" : "accepted, and nothing to do";
  }

  CLI::App app{"", "parley"};
  Action action;
};

std::string refusal(const std::vector<std::string>& words) {
  return Commands().refusal(words);
}

struct Leaf {
  std::vector<std::string> name;  // "data", "add"
  const CLI::App* app;
  std::string shown() const {
    std::string out;
    for (const std::string& word : name) out += (out.empty() ? "" : " ") + word;
    return out;
  }
  // The shortest command line that is accepted, without `except`.
  std::vector<std::string> least(const CLI::Option* except = nullptr) const {
    std::vector<std::string> out = name;
    for (const CLI::Option* option : app->get_options()) {
      if (!option->get_required() || option == except) continue;
      if (!option->get_positional()) out.push_back(option->get_name());
      out.push_back("something");
    }
    return out;
  }
  std::vector<std::string> with(const CLI::Option* option, const std::string& value) const {
    std::vector<std::string> out = least(option);
    if (option->get_positional()) {
      out.push_back(value);
    } else {
      out.push_back(option->get_name() + "=" + value);
    }
    return out;
  }
};

// The commands that do something, and their options without --help.
void find_leaves(const CLI::App& app, std::vector<std::string> name, std::vector<Leaf>& out) {
  const auto below = app.get_subcommands([](const CLI::App*) { return true; });
  if (below.empty()) out.push_back({name, &app});
  for (const CLI::App* each : below) {
    name.push_back(each->get_name());
    find_leaves(*each, name, out);
    name.pop_back();
  }
}
std::vector<Leaf> leaves_of(const Commands& commands) {
  std::vector<Leaf> out;
  find_leaves(commands.app, {}, out);
  return out;
}
std::vector<const CLI::Option*> values_of(const CLI::App& app) {
  std::vector<const CLI::Option*> out;
  for (const CLI::Option* option : app.get_options()) {
    if (option != app.get_help_ptr() && option->get_expected_max() > 0) out.push_back(option);
  }
  return out;
}

// "    parley serve --open    and opens the page" → "parley serve --open": an example ends where
// two blanks or a comment begin.
std::optional<std::string> example_in(const std::string& line) {
  const std::size_t start = line.find("parley ");
  if (start == std::string::npos || start < 2) return std::nullopt;
  if (line.find_first_not_of(' ') != start && !line.substr(0, start).ends_with("| "))
    return std::nullopt;
  std::string out = line.substr(start);
  for (const char* end : {"  ", " #", " > ", " && "}) out = out.substr(0, out.find(end));
  return out;
}

std::vector<std::string> examples_in(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (auto example = example_in(line)) out.push_back(std::move(*example));
  }
  return out;
}

TEST(Commands, EachHasAnExampleAndEveryExampleOfTheHelpIsAccepted) {
  const Commands commands;
  for (const Leaf& leaf : leaves_of(commands)) {
    const auto examples = examples_in(leaf.app->get_footer());
    EXPECT_FALSE(examples.empty()) << leaf.shown();
    for (const std::string& example : examples)
      EXPECT_EQ(Commands().refusal_of_line(example), "") << example;
  }
}

TEST(Commands, EveryCommandLineOfTheDocumentsIsAccepted) {
  const fs::path root = PARLEY_SOURCE_DIR;
  std::vector<fs::path> documents = {root / "README.md"};
  for (const fs::path& folder : {root / "docs", root / "templates"}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() == ".md") documents.push_back(entry.path());
    }
  }
  std::size_t count = 0;
  for (const fs::path& document : documents) {
    for (const std::string& example : examples_in(read_file(document))) {
      EXPECT_EQ(Commands().refusal_of_line(example), "") << document << ": " << example;
      ++count;
    }
  }
  EXPECT_GT(count, 30u);
}

TEST(Commands, EachRefusesWhatItDoesNotKnowAndMissesWhatItNeeds) {
  const Commands commands;
  for (const Leaf& leaf : leaves_of(commands)) {
    EXPECT_EQ(refusal(leaf.least()), "") << leaf.shown();
    auto words = leaf.least();
    words.push_back("--nonsense");
    EXPECT_NE(refusal(words).find("--nonsense"), std::string::npos) << leaf.shown();
    for (const CLI::Option* option : leaf.app->get_options()) {
      if (!option->get_required()) continue;
      EXPECT_TRUE(refusal(leaf.least(option)).starts_with("RequiredError"))
          << leaf.shown() << " without " << option->get_name();
    }
  }
  EXPECT_NE(refusal({}), "");
  EXPECT_NE(refusal({"nonsense"}), "");
  EXPECT_NE(refusal({"data"}), "");
  EXPECT_NE(refusal({"model", "nonsense"}), "");
}

// What takes any text; every other value is a number or one of a few words. A new option fails here
// until it is decided which it is.
TEST(Commands, OnlyNamesAndTextsMayBeAnything) {
  const std::set<std::string> any_text = {"new dir",
                                          "new --template",
                                          "new --name",
                                          "doctor --project",
                                          "data add PATH",
                                          "data add --columns",
                                          "data add --project",
                                          "data report --html",
                                          "data report --project",
                                          "data remove SOURCE",
                                          "data remove --project",
                                          "train --project",
                                          "model import --llama2c",
                                          "model import --tokenizer",
                                          "model import DIR",
                                          "model pack MODEL",
                                          "model pack --out",
                                          "generate MODEL",
                                          "generate --prompt",
                                          "generate --stop",
                                          "generate --draft",
                                          "generate --record",
                                          "verify RECORD",
                                          "verify --model",
                                          "eval FILE",
                                          "eval --project",
                                          "eval --model",
                                          "eval --reference",
                                          "test --project",
                                          "test --filter",
                                          "test --html",
                                          "test --model",
                                          "serve --project",
                                          "serve --model",
                                          "serve --store",
                                          "serve --draft",
                                          "serve --host",
                                          "serve --allow-host",
                                          "serve --models",
                                          "chat --project",
                                          "chat --model",
                                          "chat --store",
                                          "chat --draft",
                                          "chat --thread"};
  std::set<std::string> found;
  const Commands commands;
  for (const Leaf& leaf : leaves_of(commands)) {
    for (const CLI::Option* option : values_of(*leaf.app)) {
      const std::string why = refusal(leaf.with(option, "nonsense"));
      if (why.empty()) {
        found.insert(leaf.shown() + " " + option->get_name());
      } else {
        EXPECT_NE(why.find(option->get_name()), std::string::npos) << why;
        EXPECT_NE(refusal(leaf.with(option, "nan")), "") << leaf.shown() << option->get_name();
        EXPECT_NE(refusal(leaf.with(option, "")), "") << leaf.shown() << option->get_name();
      }
    }
  }
  EXPECT_EQ(found, any_text);
}

TEST(Commands, CountsAreNotNegative) {
  const Commands commands;
  const std::set<std::string> counts = {
      "--threads", "--port",       "--steps",      "--batch",        "--tokens",
      "--top-k",   "--seed",       "--max-tokens", "--concurrent",   "--chunk",
      "--context", "--stop-after", "--kv-memory",  "--models-memory"};
  std::size_t seen = 0;
  for (const Leaf& leaf : leaves_of(commands)) {
    for (const CLI::Option* option : values_of(*leaf.app)) {
      if (!counts.contains(option->get_name())) continue;
      ++seen;
      EXPECT_NE(refusal(leaf.with(option, "-1")), "") << leaf.shown() << option->get_name();
      EXPECT_NE(refusal(leaf.with(option, "99999999999999999999")), "") << option->get_name();
    }
  }
  EXPECT_GT(seen, 15u);
}

TEST(Commands, ChoicesAreWhatTheFloorsBelowKnow) {
  for (const nn::Kernels* each : nn::available_kernels()) {
    EXPECT_EQ(refusal({"eval", "f.jsonl", "--isa", each->name}), "");
    EXPECT_EQ(refusal({"generate", "m", "--isa", each->name}), "");
    EXPECT_EQ(refusal({"verify", "r", "--model", "m", "--isa", each->name}), "");
  }
  for (const nn::Precision each : nn::kPrecisions) {
    const std::string name = nn::precision_name(each);
    EXPECT_EQ(refusal({"eval", "f.jsonl", "--precision", name}), "");
    EXPECT_EQ(refusal({"serve", "--precision", name}), "");
    EXPECT_EQ(refusal({"chat", "--precision", name}), "");
    EXPECT_EQ(refusal({"model", "pack", "m", "-o", "x", "--precision", name}).empty(),
              each != nn::Precision::kFloat32);
  }
  for (const std::string_view size : train::kModelSizes)
    EXPECT_EQ(refusal({"train", "--size", std::string(size)}), "");
  for (const std::string_view format : data::kDataFormats)
    EXPECT_EQ(refusal({"data", "add", "--format", std::string(format)}), "");
}

TEST(Commands, HostsAndOriginsAreHeldToTheRulesOfTheProjectFile) {
  EXPECT_EQ(refusal({"serve", "--allow-host", "chat.example.org", "--allow-host", "parley",
                     "--cors-origin", "https://app.example", "--cors-origin", "*"}),
            "");
  EXPECT_EQ(refusal({"serve", "--allow-host", "https://chat.example.org"}),
            "ValidationError: --allow-host: 'https://chat.example.org' is no host name: give it "
            "alone, without scheme, port or path");
  EXPECT_EQ(refusal({"serve", "--cors-origin", "app.example"}),
            "ValidationError: --cors-origin: 'app.example' is no origin: give scheme and name, "
            "without a path, or '*'");
}

TEST(Commands, WhatExcludesEachOtherIsRefused) {
  EXPECT_NE(refusal({"generate", "m", "--int4", "--float32"}), "");
  EXPECT_NE(refusal({"chat", "--continue", "--thread", "t"}), "");
}

TEST(TrainOptions, ReachTheTrainerAsTheyWereGiven) {
  CLI::App app, trainer;
  TrainArguments given, got;
  add_train_options(app, given);
  add_train_options(trainer, got);
  std::vector<std::string> words = {"--project",
                                    "a folder",
                                    "--minutes=2.5",
                                    "--steps",
                                    "7",
                                    "--batch",
                                    "3",
                                    "--learning-rate",
                                    "1e-3",
                                    "--threads",
                                    "2",
                                    "--checkpoint-seconds",
                                    "0.5",
                                    "--stop-after",
                                    "4",
                                    "--size",
                                    "nano",
                                    "--fresh",
                                    "--float32"};
  app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  words = given_options(app);
  trainer.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  EXPECT_EQ(got.project, "a folder");
  EXPECT_EQ(got.minutes, 2.5);
  EXPECT_EQ(got.steps, 7);
  EXPECT_EQ(got.batch, 3);
  EXPECT_EQ(got.learning_rate, 1e-3);
  EXPECT_EQ(got.threads, 2);
  EXPECT_EQ(got.checkpoint_seconds, 0.5);
  EXPECT_EQ(got.stop_after, 4);
  EXPECT_EQ(got.size, "nano");
  EXPECT_TRUE(got.fresh);
  EXPECT_TRUE(got.float32);
  EXPECT_EQ(given_options(trainer), given_options(app));

  CLI::App nothing;
  TrainArguments none;
  add_train_options(nothing, none);
  nothing.parse(std::vector<std::string>());
  EXPECT_TRUE(given_options(nothing).empty());
}

}  // namespace commands_test
}  // namespace parley::cli
