#include "cli/model_folder.hpp"

#include <map>
#include <utility>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "nn/files/weight_files.hpp"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;

bool is_model(const fs::path& path) {
  if (fs::is_directory(path))
    return fs::exists(path / "config.json") || !nn::find_gguf(path).empty();
  return path.extension() == ".gguf" || nn::is_packed_file(path);
}

}  // namespace

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
  std::map<std::string, chat::ModelPool::Known> known;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!is_model(entry.path())) continue;
    const fs::path& path = entry.path();
    const std::string name = entry.is_directory() ? path.filename().string() : path.stem().string();
    if (name == setup.model->name() ||
        !known
             .emplace(name, chat::ModelPool::Known{path, engine::Engine::expected_memory(
                                                             path, engine_options)})
             .second) {
      fail(ErrorKind::kConflict, path.string() + ": there is another model named '" + name + "'",
           "rename one of the two");
    }
  }
  if (known.empty()) {
    fail(ErrorKind::kNotFound, folder + ": no models in it",
         "put Hugging Face folders, .gguf or .parley files there");
  }
  const auto load = [engine_options](const std::string& name, const chat::ModelPool::Known& each) {
    return std::make_unique<chat::LocalModel>(engine::Engine::load(each.path, engine_options), name,
                                              chat::load_chat_template(each.path));
  };
  return std::make_unique<chat::ModelPool>(std::move(known), memory, load);
}

}  // namespace parley::cli
