#include "cli/model_folder.hpp"

#include <map>
#include <utility>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "package/model_package.hpp"

namespace parley::cli {
namespace fs = std::filesystem;

std::unique_ptr<chat::ModelPool> make_model_pool(const std::string& folder, std::size_t memory,
                                                 const AssistantOptions& options,
                                                 const AssistantSetup& setup) {
  if (folder.empty()) return nullptr;
  if (!fs::is_directory(folder))
    fail(ErrorKind::kNotFound, folder + ": no such folder", "give --models a folder of models");
  if (memory == 0) memory = usable_memory() / 2;
  engine::Options engine_options = engine_options_of(options, setup.serving);
  if (engine_options.kv_memory == 0) engine_options.kv_memory = memory / 8;
  // Context and draft were chosen for the assistant's own model.
  engine_options.context = 0;
  using Known = chat::ModelPool::Known;
  std::map<std::string, Known> known;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (!package::is_model(path)) continue;
    const std::string name = package::model_name(path);
    const std::size_t bytes =
        engine::Engine::expected_memory(package::ModelPackage(path).config(), engine_options);
    if (name == setup.model->name() || !known.emplace(name, Known{path, bytes}).second) {
      fail(ErrorKind::kConflict, path.string() + ": there is another model named '" + name + "'",
           "rename one of the two");
    }
  }
  if (known.empty()) {
    fail(ErrorKind::kNotFound, folder + ": no models in it",
         "put Hugging Face folders, .gguf or .parley files there");
  }
  const auto load = [engine_options](const std::string& name, const Known& each) {
    return chat::load_local_model(package::ModelPackage(each.path), name, engine_options);
  };
  return std::make_unique<chat::ModelPool>(std::move(known), memory, load);
}

}  // namespace parley::cli
