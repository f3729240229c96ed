// A folder of packed models by content, so that a model is packed once per machine.
//
// A packed file's name is the hash of the weight files it was made from (weights_hash.hpp), the
// precision, and the format's version: a model that moves keeps its packed file, and one that
// changes never meets an old one. The hash of files that have not changed since is not computed
// again (stat_index.hpp); in the same way a packed file's own bytes are checked against their
// SHA-256 when it is first met, and again whenever it was touched since.
//
// Files appear whole or not at all; any number of processes may read, write and clean up at once. A
// damaged file is removed and made anew, with a line in the log. What goes wrong here never fails a
// load.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "nn/files/stat_index.hpp"
#include "nn/model/model.hpp"

namespace parley::nn {

class PackCache {
 public:
  // Nothing when the options or PARLEY_PACK_CACHE=off say so, or there is no place for it.
  static std::optional<PackCache> open(const PackCacheOptions& options);

  // weights_hash() of the model's files; nothing when they are too small to be worth it.
  std::optional<std::string> source_hash(const std::filesystem::path& model, int threads) const;
  // The packed model, or null.
  std::unique_ptr<Model> find(const std::string& source, const ModelOptions& options) const;
  // Starts writing the packed file. It is written while the model serves; the model's destructor
  // waits for it.
  void store(Model& model, const std::string& source) const;
  // Opens a packed file anywhere, its content checked once as above. Errors: kNotFound,
  // kInvalidInput.
  std::unique_ptr<Model> open_checked(const std::filesystem::path& path,
                                      const ModelOptions& options) const;

 private:
  explicit PackCache(PackCacheOptions options);
  std::filesystem::path file_of(const std::string& source, Precision precision) const;
  void write(const class PackedWriter& writer, const std::filesystem::path& path,
             const std::string& source) const;
  void make_room(std::uint64_t wanted) const;

  PackCacheOptions options_;
  StatIndex index_;
};

}  // namespace parley::nn
