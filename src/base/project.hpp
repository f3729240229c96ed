// A project: the folder that holds one assistant. parley.yaml describes it, .parley/ holds
// everything derived. The published JSON Schema is docs/parley.schema.json; project.cpp checks
// every key and reports FILE:LINE, the field, what was expected and the nearest known name.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley {

struct Objective {
  std::string metric;   // scenario_pass_rate, bits_per_byte, response_time_p95_ms, satisfaction,
                        // engagement, conversion
  std::string compare;  // ">=" or "<="
  double target = 0;
  std::string window;  // "7d", "24h", "release"
};

struct Persona {
  std::string name = "Assistant";
  std::string voice;                     // a sentence or two: how it speaks
  std::string tagline;                   // one line under the name on the chat page
  std::string greeting;                  // shown in an empty thread; not sent to the model
  std::vector<std::string> suggestions;  // first questions offered on the chat page
  std::string system_prompt;             // sent to the model as the first message when not empty
};

inline constexpr std::array<std::string_view, 5> kDataFormats = {"auto", "openai", "sharegpt",
                                                                 "csv", "document"};

struct DataSource {
  std::string path;  // file, folder or glob, relative to the project; exactly one of path, grammar
  std::string grammar;          // a dialogue grammar (docs/grammar.md)
  std::string format = "auto";  // one of kDataFormats
  std::string columns;          // CSV: "user=question,assistant=answer"
  int count = 0;                // grammar: how many dialogues
  std::uint64_t seed = 1;       // grammar
};

struct DataSettings {
  std::vector<DataSource> sources;
  double validation = 0.05;  // share of conversations held out, by hash
  double near_duplicates =
      0.85;  // Jaccard similarity of word 5-grams from which a conversation is dropped; 1 = off
};

inline constexpr std::array<std::string_view, 5> kModelSizes = {"nano", "micro", "mini", "small",
                                                                "base"};

// What `size` sets, each overridable. Unset numbers are derived from `size` (train/run/plan.hpp
// says how).
struct ModelSettings {
  std::string size = "mini";  // one of kModelSizes
  std::optional<int> width, layers, heads, kv_heads, hidden, vocabulary, context;
};

struct TrainSettings {
  std::optional<double> minutes;  // time budget; unset: derived from size and data
  std::optional<int> steps;       // a step budget instead
  std::optional<double> learning_rate;
  std::optional<int> batch;  // sequences a step
  std::uint64_t seed = 1;
  bool early_stop = true;
};

struct ServeSettings {
  std::string host = "127.0.0.1";
  int port = 8080;
  double temperature = 0.7;
  double top_p = 0.95;
  double min_p = 0.05;
  int top_k = 0;
  double repetition_penalty = 1.0;
  int max_tokens = 256;
  int threads = 0;          // 0: all usable processors
  int max_concurrent = 32;  // sequences decoded together; further requests wait
  int max_queue = 256;      // waiting requests; beyond that 429
};

struct Project {
  std::filesystem::path root;  // absolute
  std::string name;
  std::string use_case;
  std::vector<Objective> objectives;
  Persona persona;
  DataSettings data;
  ModelSettings model;
  TrainSettings training;
  ServeSettings serving;

  std::filesystem::path file() const { return root / "parley.yaml"; }
  std::filesystem::path derived() const { return root / ".parley"; }
  std::filesystem::path dataset_dir() const { return derived() / "dataset"; }
  std::filesystem::path training_dir() const {
    return derived() / "training";
  }  // runs and checkpoints
  std::filesystem::path models_dir() const {
    return derived() / "models";
  }  // one folder per content address
  std::filesystem::path current_model() const {
    return models_dir() / "current";
  }  // symlink to the one in use
  std::filesystem::path store_file() const { return derived() / "store" / "parley.db"; }
};

// Loads and checks DIR/parley.yaml. Errors: kNotFound, kInvalidInput ("parley.yaml:12:
// training.minuets: unknown key; did you mean 'minutes'?").
Project load_project(const std::filesystem::path& dir);

}  // namespace parley
