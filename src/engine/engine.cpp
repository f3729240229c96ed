#include "engine/engine.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "engine/local_engine.hpp"
#include "package/model_package.hpp"

namespace parley::engine {
namespace {

// A draft model is of use only when its token ids mean the same.
void check_draft(const package::ModelPackage& draft, const text::Tokenizer& tokenizer) {
  const auto own = draft.tokenizer();
  std::string problem;
  if (own->vocabulary_size() != tokenizer.vocabulary_size()) {
    problem = "it has " + std::to_string(own->vocabulary_size()) + " tokens, the model " +
              std::to_string(tokenizer.vocabulary_size());
  }
  for (text::TokenId id = 0; problem.empty() && id < tokenizer.vocabulary_size(); ++id) {
    if (own->piece(id) == tokenizer.piece(id)) continue;
    problem = "token " + std::to_string(id) + " is '" + std::string(own->piece(id)) +
              "' there and '" + std::string(tokenizer.piece(id)) + "' in the model";
  }
  if (!problem.empty()) {
    fail(ErrorKind::kInvalidInput,
         draft.path().string() + ": this draft model speaks in other tokens: " + problem,
         "choose a smaller model of the same family, with the same tokenizer");
  }
}

}  // namespace

std::unique_ptr<Engine> Engine::load(const package::ModelPackage& model, const Options& options,
                                     const package::ModelPackage* draft) {
  const nn::ModelOptions own{options.precision, options.threads, options.context,
                             options.pack_cache};
  auto tokenizer = model.tokenizer();
  if (draft) check_draft(*draft, *tokenizer);
  ModelInfo info;
  info.name = model.name();
  info.end_tokens = model.end_tokens();
  info.pooling = model.pooling();
  auto weights = model.load_weights(own);
  info.address = model.address();
  return make(std::move(weights), std::move(tokenizer), std::move(info), options,
              draft ? draft->load_weights(own) : nullptr);
}

std::size_t Engine::expected_memory(const nn::ModelConfig& config, const Options& options) {
  const bool float32 = options.precision == nn::Precision::kFloat32;
  const int context =
      options.context > 0 ? std::min(options.context, config.context) : config.context;
  // A tile of one group is representative.
  const auto tile = nn::PackedLinear::w_bytes(options.precision, nn::kTile, nn::kGroup8) +
                    nn::PackedLinear::scale_bytes(options.precision, nn::kTile, nn::kGroup8);
  return static_cast<std::size_t>(config.parameters()) * tile / (nn::kTile * nn::kGroup8) +
         static_cast<std::size_t>(cache_blocks(config, context, float32, options)) *
             nn::KvCache::block_bytes(config, float32);
}

std::unique_ptr<Engine> Engine::make(std::unique_ptr<nn::Model> model,
                                     std::shared_ptr<const text::Tokenizer> tokenizer,
                                     ModelInfo info, const Options& options,
                                     std::unique_ptr<nn::Model> draft) {
  return std::make_unique<LocalEngine>(std::move(model), std::move(tokenizer), std::move(info),
                                       options, std::move(draft));
}

}  // namespace parley::engine
