#include "cli/assistant_setup.hpp"

#include <optional>

#include "base/error.hpp"
#include "cli/engine_options.hpp"
#include "cli/options.hpp"
#include "package/model_package.hpp"

namespace parley::cli {
namespace fs = std::filesystem;

void add_assistant_options(CLI::App& app, AssistantOptions& options) {
  add_project_option(app, options.project, "Project folder (default: the current one)");
  app.add_option("--model", options.model,
                 "Model folder, .gguf or .parley file to use instead of the project's; needs no "
                 "project, and then there is no persona")
      ->type_name("PATH");
  app.add_option(
         "--store", options.store,
         "Database file for conversations (default: the project's; without a project, memory only)")
      ->type_name("FILE");
  add_threads_option(app, options.threads,
                     "Compute threads (default: as the project says; 0: all usable processors)");
  add_precision_option(app, options.precision,
                       "Weights in int8, int4 (half the memory, quicker for few chats) or float32");
  add_memory_option(
      app, "--kv-memory", options.kv_memory,
      "Memory for keys and values of running and remembered conversations, such as 2GiB "
      "(default: a quarter of the machine's)");
  app.add_option("--context", options.context,
                 "Tokens a conversation may have at most (default: all the model has)")
      ->type_name("N")
      ->check(CLI::Range(16, 1 << 21));
  app.add_option(
         "--draft", options.draft,
         "Smaller model of the same vocabulary that guesses ahead: quicker where it guesses "
         "well, the same replies always")
      ->type_name("PATH");
}

engine::Options engine_options_of(const AssistantOptions& options,
                                  const settings::Serving& serving) {
  engine::Options out = serving.engine;
  if (options.threads >= 0) out.threads = options.threads;
  out.precision = options.precision;
  out.kv_memory = options.kv_memory;
  out.context = options.context;
  return out;
}

AssistantSetup set_up_assistant(const AssistantOptions& options) {
  AssistantSetup setup;
  fs::path model_folder = options.model;
  setup.store_file = options.store;
  if (!options.project.empty() || options.model.empty()) {
    const settings::Project project =
        settings::load_project(options.project.empty() ? "." : options.project);
    setup.name = project.name;
    setup.persona = project.persona;
    setup.serving = project.serving;
    if (setup.store_file.empty()) setup.store_file = project.folder.store_file();
    if (model_folder.empty()) {
      model_folder = project.folder.current_model();
      if (!fs::exists(model_folder)) {
        fail(ErrorKind::kNotFound, "project '" + project.name + "' has no model yet",
             "run `parley data add` and `parley train` in " + project.folder.root.string() +
                 " first");
      }
    }
  }

  const package::ModelPackage model(model_folder);
  std::optional<package::ModelPackage> draft;
  if (!options.draft.empty()) draft.emplace(options.draft);
  if (setup.name.empty()) setup.name = model.name();
  setup.model = chat::load_local_model(model, setup.name, engine_options_of(options, setup.serving),
                                       draft ? &*draft : nullptr);
  setup.store =
      setup.store_file.empty() ? store::open_memory_store() : store::open_store(setup.store_file);
  setup.assistant = std::make_unique<chat::Assistant>(
      *setup.model, *setup.store, setup.persona, chat::default_settings(setup.serving.reply),
      chat::talking_pipeline(*setup.model, *setup.store, setup.persona.system_prompt));
  return setup;
}

}  // namespace parley::cli
