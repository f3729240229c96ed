#include "engine/engine.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "engine/gguf_tokenizer.hpp"
#include "engine/local_engine.hpp"
#include "nn/weight_files.hpp"

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
  const std::filesystem::path gguf = nn::find_gguf(path);
  auto tokenizer = gguf.empty() ? text::load_tokenizer(path) : gguf_tokenizer(nn::GgufFile(gguf));
  const nn::ModelConfig& config = model->config();
  if (tokenizer->vocabulary_size() > config.vocabulary) {
    fail(ErrorKind::kInvalidInput,
         path.string() + ": the tokenizer has " + std::to_string(tokenizer->vocabulary_size()) +
             " tokens, the model's vocabulary " + std::to_string(config.vocabulary),
         "the two belong to different models");
  }
  ModelInfo info;
  info.name = std::filesystem::weakly_canonical(path).filename().string();
  info.address = model_address(path);
  info.end_tokens = config.eos_all;
  if (info.end_tokens.empty() && tokenizer->eos() >= 0) info.end_tokens = {tokenizer->eos()};
  return make(std::move(model), std::move(tokenizer), std::move(info), options);
}

std::unique_ptr<Engine> Engine::make(std::unique_ptr<nn::Model> model,
                                     std::unique_ptr<text::Tokenizer> tokenizer, ModelInfo info,
                                     const Options& options) {
  return std::make_unique<LocalEngine>(std::move(model), std::move(tokenizer), std::move(info),
                                       options);
}

}  // namespace parley::engine
