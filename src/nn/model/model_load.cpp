// A model from disk: packed already, known to the cache, or from its weights.
#include "base/file.hpp"
#include "nn/files/pack_cache.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/weight_files.hpp"
#include "nn/model/model.hpp"

namespace parley::nn {

std::unique_ptr<Model> Model::load(const std::filesystem::path& path, const ModelOptions& options) {
  const auto cache = PackCache::open(options.cache);
  if (is_packed_file(path)) {
    if (cache) return cache->open_checked(path, options);
    const auto file = std::make_shared<const MappedFile>(path);
    const PackedFile packed(file->bytes(), file, path.string());
    packed.verify(options.threads);
    return packed.model(options.context);
  }
  std::optional<std::string> source;
  if (cache && options.precision != Precision::kFloat32 && std::filesystem::exists(path))
    source = cache->source_hash(path, options.threads);
  if (source) {
    if (auto model = cache->find(*source, options)) return model;
  }
  WeightFiles files = open_weight_files(path);
  auto model = make(std::move(files.config), std::move(files.source), options);
  if (source) cache->store(*model, *source);
  return model;
}

}  // namespace parley::nn
