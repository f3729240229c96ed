// What `parley serve` and `parley chat` share: from a project, or a bare model folder, to a running
// assistant.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "chat/assistant.hpp"
#include "chat/model/local_model.hpp"
#include "chat/model/model_pool.hpp"
#include "settings/project.hpp"
#include "store/store.hpp"

namespace parley::cli {

struct AssistantOptions {
  std::string project;  // empty: the current folder, unless `model` is set
  std::string model;    // empty: the project's current model
  std::string store;    // empty: the project's store; without a project: in memory
  int threads = -1;     // -1: as the project says
  nn::Precision precision = nn::Precision::kInt8;
  std::size_t kv_memory = 0;  // bytes; 0: the engine's choice
  int context = 0;            // 0: all the model has
  std::string draft;          // empty: none
};

// What parley.yaml says of the engine, and the command line.
engine::Options engine_options_of(const AssistantOptions& options,
                                  const settings::Serving& serving);

// Declares --project, --model, --store, --threads and what the engine is given.
void add_assistant_options(CLI::App& app, AssistantOptions& options);

struct AssistantSetup {
  std::string name;  // of the project, or of the model folder
  chat::Persona persona;
  settings::Serving serving;
  std::filesystem::path store_file;  // empty: in memory
  std::unique_ptr<store::Store> store;
  std::unique_ptr<chat::LocalModel> model;
  std::unique_ptr<chat::ModelPool> pool;       // further models, or null; turns hold leases of it
  std::unique_ptr<chat::Assistant> assistant;  // last: uses the others
};

// Errors: kNotFound (no project, no model yet), kInvalidInput.
AssistantSetup set_up_assistant(const AssistantOptions& options);

}  // namespace parley::cli
