#include "engine/engine.hpp"

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "engine/local_engine.hpp"
#include "engine/packed_model.hpp"
#include "nn/weights_hash.hpp"

namespace parley::engine {
namespace {

// The manifest's address where there is one, else the hash of the weight files, which the model
// knows when it came from the cache or a packed file.
std::string model_address(const std::filesystem::path& path, const nn::Model& model) {
  if (std::filesystem::exists(path / "manifest.json"))
    return Manifest::load(path / "manifest.json").address();
  if (!model.source_hash().empty()) return model.source_hash();
  return nn::weights_hash(nn::weight_file_list(path), 0);
}

}  // namespace

std::unique_ptr<Engine> Engine::load(const std::filesystem::path& path, const Options& options) {
  auto model = nn::Model::load(
      path, {options.precision, options.threads, options.context, options.pack_cache});
  auto tokenizer = load_tokenizer_of(path);
  const nn::ModelConfig& config = model->config();
  if (tokenizer->vocabulary_size() > config.vocabulary) {
    fail(ErrorKind::kInvalidInput,
         path.string() + ": the tokenizer has " + std::to_string(tokenizer->vocabulary_size()) +
             " tokens, the model's vocabulary " + std::to_string(config.vocabulary),
         "the two belong to different models");
  }
  ModelInfo info;
  info.name = std::filesystem::weakly_canonical(path).filename().string();
  info.address = model_address(path, *model);
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
