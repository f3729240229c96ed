#include "cli/assistant_setup.hpp"

#include <utility>

#include "base/error.hpp"

namespace parley::cli {
namespace fs = std::filesystem;

void add_assistant_options(CLI::App& app, AssistantOptions& options) {
  app.add_option("--project", options.project, "Project folder (default: the current one)")
      ->type_name("DIR");
  app.add_option("--model", options.model,
                 "Model folder to use instead of the project's; needs no project, and then there "
                 "is no persona")
      ->type_name("DIR");
  app.add_option(
         "--store", options.store,
         "Database file for conversations (default: the project's; without a project, memory only)")
      ->type_name("FILE");
  app.add_option("--threads", options.threads,
                 "Compute threads (default: as the project says; 0: all processors)")
      ->type_name("N")
      ->check(CLI::Range(0, 1024));
}

AssistantSetup set_up_assistant(const AssistantOptions& options) {
  AssistantSetup setup;
  fs::path model_folder = options.model;
  setup.store_file = options.store;
  if (!options.project.empty() || options.model.empty()) {
    const Project project = load_project(options.project.empty() ? "." : options.project);
    setup.name = project.name;
    setup.persona = project.persona;
    setup.serving = project.serving;
    if (setup.store_file.empty()) setup.store_file = project.store_file();
    if (model_folder.empty()) {
      model_folder = project.current_model();
      if (!fs::exists(model_folder)) {
        fail(ErrorKind::kNotFound, "project '" + project.name + "' has no model yet",
             "run `parley data add` and `parley train` in " + project.root.string() + " first");
      }
    }
  }
  if (!fs::exists(model_folder)) {
    fail(ErrorKind::kNotFound, model_folder.string() + ": no such model",
         "name a folder with config.json, tokenizer.json and model.safetensors, or a .parley file");
  }
  if (options.threads >= 0) setup.serving.threads = options.threads;

  engine::Options engine_options;
  engine_options.threads = setup.serving.threads;
  engine_options.max_concurrent = setup.serving.max_concurrent;
  engine_options.max_queue = setup.serving.max_queue;
  auto engine = engine::Engine::load(model_folder, engine_options);
  if (setup.name.empty()) setup.name = engine->model().name;
  setup.model = std::make_unique<chat::LocalModel>(std::move(engine), setup.name);
  setup.store =
      setup.store_file.empty() ? store::open_memory_store() : store::open_store(setup.store_file);
  setup.assistant = std::make_unique<chat::Assistant>(*setup.model, *setup.store, setup.persona,
                                                      chat::default_settings(setup.serving));
  return setup;
}

}  // namespace parley::cli
