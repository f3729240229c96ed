#include "engine/engine.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/sha256.hpp"
#include "engine/local_engine.hpp"
#include "nn/files/gguf.hpp"
#include "nn/files/weight_files.hpp"
#include "nn/files/weights_hash.hpp"
#include "package/packed_model.hpp"

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

// What the model's makers say about embeddings: sentence-transformers' 1_Pooling/config.json, or
// GGUF's ARCHITECTURE.pooling_type.
Pooling model_pooling(const std::filesystem::path& path) {
  if (const auto gguf = nn::find_gguf(path); !gguf.empty()) {
    const nn::GgufFile file(gguf);
    const auto family = file.text("general.architecture");
    const auto type = family ? file.integer(std::string(*family) + ".pooling_type") : std::nullopt;
    // 1 mean, 2 first, 3 last; 0 (none) and 4 (a ranking head) say nothing.
    return type == 2 ? Pooling::kFirst : type == 3 ? Pooling::kLast : Pooling::kMean;
  }
  const auto config = path / "1_Pooling" / "config.json";
  if (!std::filesystem::exists(config)) return Pooling::kMean;
  const Json said = read_json_file(config, 1 << 20, RepeatedName::kLastHolds);
  const auto on = [&](const char* key) {
    return said.is_object() && said.value(key, Json()) == Json(true);
  };
  if (on("pooling_mode_lasttoken")) return Pooling::kLast;
  if (on("pooling_mode_cls_token")) return Pooling::kFirst;
  if (on("pooling_mode_mean_tokens")) return Pooling::kMean;
  fail(ErrorKind::kInvalidInput, config.string() + ": its pooling is not supported",
       "supported: pooling_mode_mean_tokens, pooling_mode_lasttoken, pooling_mode_cls_token");
}

// A draft model is of use only when its token ids mean the same.
std::unique_ptr<nn::Model> load_draft(const Options& options, const text::Tokenizer& tokenizer,
                                      const nn::ModelConfig& config) {
  const auto& path = options.draft;
  auto model = nn::Model::load(
      path, {options.precision, options.threads, options.context, options.pack_cache});
  const auto own = load_tokenizer_of(path);
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
         path.string() + ": this draft model speaks in other tokens: " + problem,
         "choose a smaller model of the same family, with the same tokenizer");
  }
  if (model->config().vocabulary < tokenizer.vocabulary_size())
    fail(ErrorKind::kInvalidInput,
         path.string() + ": its vocabulary is smaller than its tokenizer's");
  return model;
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
  info.pooling = model_pooling(path);
  std::unique_ptr<nn::Model> draft;
  if (!options.draft.empty()) draft = load_draft(options, *tokenizer, config);
  return make(std::move(model), std::move(tokenizer), std::move(info), options, std::move(draft));
}

std::size_t Engine::expected_memory(const std::filesystem::path& path, const Options& options) {
  const nn::ModelConfig config = nn::read_config_of(path);
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
                                     std::unique_ptr<text::Tokenizer> tokenizer, ModelInfo info,
                                     const Options& options, std::unique_ptr<nn::Model> draft) {
  return std::make_unique<LocalEngine>(std::move(model), std::move(tokenizer), std::move(info),
                                       options, std::move(draft));
}

}  // namespace parley::engine
