#include "engine/engine.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "engine/local_engine.hpp"

namespace parley::engine {
namespace {

std::string model_address(const std::filesystem::path& path) {
  if (std::filesystem::exists(path / "manifest.json"))
    return Manifest::load(path / "manifest.json").address();
  if (std::filesystem::exists(path / "model.safetensors"))
    return sha256_file(path / "model.safetensors");
  return {};
}

}  // namespace

std::unique_ptr<Engine> Engine::load(const std::filesystem::path& path, const Options& options) {
  auto model = nn::Model::load(path, {options.precision, options.threads, options.context});
  auto tokenizer = text::load_tokenizer(path);
  const nn::ModelConfig& config = model->config();
  if (tokenizer->vocabulary_size() > config.vocabulary) {
    fail(ErrorKind::kInvalidInput,
         path.string() + ": tokenizer.json has " + std::to_string(tokenizer->vocabulary_size()) +
             " tokens, config.json's vocab_size is " + std::to_string(config.vocabulary),
         "the two files belong to different models");
  }
  ModelInfo info;
  info.name = std::filesystem::weakly_canonical(path).filename().string();
  info.address = model_address(path);
  info.end_tokens = config.eos_all;
  return make(std::move(model), std::move(tokenizer), std::move(info), options);
}

std::unique_ptr<Engine> Engine::make(std::unique_ptr<nn::Model> model,
                                     std::unique_ptr<text::Tokenizer> tokenizer, ModelInfo info,
                                     const Options& options) {
  return std::make_unique<LocalEngine>(std::move(model), std::move(tokenizer), std::move(info),
                                       options);
}

}  // namespace parley::engine
