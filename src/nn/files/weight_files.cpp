#include "nn/files/weight_files.hpp"

#include <vector>

#include "base/error.hpp"
#include "nn/files/gguf_config.hpp"
#include "nn/files/safetensors.hpp"

namespace parley::nn {
namespace {

namespace fs = std::filesystem;

WeightFiles open_gguf(const fs::path& path) {
  const auto file = std::make_shared<GgufFile>(path);
  return {gguf_model_config(*file), gguf_weights(file)};
}

}  // namespace

bool is_packed_file(const fs::path& path) {
  return path.extension() == ".parley" && fs::is_regular_file(path);
}

fs::path find_gguf(const fs::path& path) {
  if (fs::is_regular_file(path)) return path.extension() == ".gguf" ? path : fs::path{};
  if (!fs::is_directory(path) || fs::exists(path / "config.json")) return {};
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (entry.path().extension() == ".gguf") found.push_back(entry.path());
  }
  if (found.size() > 1) {
    fail(ErrorKind::kInvalidInput,
         path.string() + ": holds " + std::to_string(found.size()) + " .gguf files",
         "name one of them, " + found.front().filename().string() + " for example");
  }
  return found.empty() ? fs::path{} : found.front();
}

WeightFiles open_weight_files(const fs::path& path) {
  if (const fs::path gguf = find_gguf(path); !gguf.empty()) return open_gguf(gguf);
  if (!fs::exists(path)) {
    fail(ErrorKind::kNotFound, path.string() + ": no such model",
         "name a Hugging Face folder, a .gguf file or a .parley file");
  }
  if (!fs::exists(path / "config.json")) {
    fail(
        ErrorKind::kNotFound, path.string() + ": there is neither config.json nor a .gguf file",
        "name a Hugging Face folder (config.json, tokenizer.json, model.safetensors), a .gguf or a "
        ".parley file");
  }
  return {read_model_config(path / "config.json"), open_safetensors(path)};
}

}  // namespace parley::nn
