#include "cli/model_folder.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "nn/kv_cache.hpp"
#include "nn/weight_files.hpp"

namespace parley::cli {
namespace {

namespace fs = std::filesystem;

bool is_model(const fs::path& path) {
  if (fs::is_directory(path))
    return fs::exists(path / "config.json") || !nn::find_gguf(path).empty();
  return path.extension() == ".gguf" || nn::is_packed_file(path);
}

// What a model will take: its weights in the asked precision with their scales, and the keys and
// values it may keep.
std::size_t expected_bytes(const fs::path& path, const engine::Options& options) {
  const nn::ModelConfig config = nn::read_config_of(path);
  const bool float32 = options.precision == nn::Precision::kFloat32;
  const double bytes_each = float32                                     ? 4.0
                            : options.precision == nn::Precision::kInt4 ? 0.5 + 2.0 / 32
                                                                        : 1.0 + 2.0 / 64;
  const std::size_t block = nn::KvCache::block_bytes(config, float32);
  const int context =
      options.context > 0 ? std::min(options.context, config.context) : config.context;
  const std::size_t most = 2 * static_cast<std::size_t>(nn::KvCache::blocks_for(context)) *
                           static_cast<std::size_t>(options.max_concurrent) * block;
  return static_cast<std::size_t>(static_cast<double>(config.parameters()) * bytes_each) +
         std::min(options.kv_memory, most);
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
        !known.emplace(name, chat::ModelPool::Known{path, expected_bytes(path, engine_options)})
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
