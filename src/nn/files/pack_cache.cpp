#include "nn/files/pack_cache.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "nn/files/packed_file.hpp"
#include "nn/files/packed_writer.hpp"
#include "nn/files/weights_hash.hpp"

namespace parley::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSpareDisk = std::uint64_t{1} << 30;  // left free for everybody else
constexpr auto kAbandoned = std::chrono::hours(1);            // a temporary file of nobody

// Empty where the environment names no place, or says "off".
fs::path default_folder() {
  const auto set = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value ? value : "");
  };
  if (const std::string own = set("PARLEY_PACK_CACHE"); !own.empty())
    return own == "off" ? fs::path() : fs::path(own);
  if (const std::string cache = set("XDG_CACHE_HOME"); !cache.empty())
    return fs::path(cache) / "parley";
  if (const std::string home = set("HOME"); !home.empty())
    return fs::path(home) / ".cache" / "parley";
  return {};
}

// Runs work on a thread of its own and joins it when destroyed.
class Background {
 public:
  template <typename Work>
  explicit Background(Work work) : thread_(std::move(work)) {}
  ~Background() { thread_.join(); }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  std::thread thread_;
};

std::shared_ptr<const MappedFile> map(const fs::path& path) {
  return std::make_shared<const MappedFile>(path);
}

}  // namespace

PackCache::PackCache(PackCacheOptions options)
    : options_(std::move(options)), index_(options_.folder / "index") {}

std::optional<PackCache> PackCache::open(const PackCacheOptions& options) {
  if (!options.on) return std::nullopt;
  PackCacheOptions own = options;
  if (own.folder.empty()) own.folder = default_folder();
  if (own.folder.empty()) return std::nullopt;
  return PackCache(std::move(own));
}

fs::path PackCache::file_of(const std::string& source, Precision precision) const {
  return options_.folder / (source.substr(0, 40) + "-" + precision_name(precision) + "-v" +
                            std::to_string(kPackedVersion) + ".parley");
}

std::optional<std::string> PackCache::source_hash(const fs::path& model, int threads) const {
  const auto files = weight_file_list(model);
  std::uint64_t bytes = 0;
  for (const fs::path& file : files) {
    std::error_code error;
    const auto size = fs::file_size(file, error);
    if (error) return std::nullopt;  // reading the model says what is wrong
    bytes += size;
  }
  if (bytes < options_.least_bytes) return std::nullopt;
  if (auto known = index_.find(files)) return known;
  const std::string before = StatIndex::snapshot(files);
  std::string hash = weights_hash(files, threads);
  index_.remember(files, before, hash, true);
  return hash;
}

std::unique_ptr<Model> PackCache::open_checked(const fs::path& path,
                                               const ModelOptions& options) const {
  const std::string before = StatIndex::snapshot({path});
  const auto file = map(path);
  const PackedFile packed(file->bytes(), file, path.string());
  if (index_.find({path}) != packed.header_hash()) {
    packed.verify(options.threads);
    index_.remember({path}, before, packed.header_hash(), true);
  }
  return packed.model(options.context);
}

std::unique_ptr<Model> PackCache::find(const std::string& source,
                                       const ModelOptions& options) const {
  const fs::path path = file_of(source, options.precision);
  std::error_code error;
  if (!fs::exists(path, error)) return nullptr;
  try {
    auto model = open_checked(path, options);
    if (model->source_hash() == source && model->precision() == options.precision) return model;
    log::warn("pack_cache.mixed_up", {{"file", path.string()}});
  } catch (const Error& e) {
    log::warn("pack_cache.damaged", {{"file", path.string()}, {"error", e.message()}});
  }
  fs::remove(path, error);
  return nullptr;
}

void PackCache::store(Model& model, const std::string& source) const {
  model.source_hash_ = source;
  const fs::path path = file_of(source, model.precision());
  model.writing_ = std::make_shared<Background>([self = *this, path, source, &model] {
    // Behind everything else on the machine, the model's own first replies above all.
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 15);
    try {
      self.write(PackedWriter(model, 1), path, source);
    } catch (const Error& e) {
      log::warn("pack_cache.not_written", {{"file", path.string()}, {"error", e.message()}});
    }
  });
}

void PackCache::write(const PackedWriter& writer, const fs::path& path,
                      const std::string& source) const {
  std::error_code error;
  fs::create_directories(options_.folder, error);
  if (writer.bytes() > options_.most_bytes) return;
  make_room(writer.bytes());
  const auto disk = fs::space(options_.folder, error);
  if (error || disk.available < writer.bytes() + kSpareDisk) {
    log::warn("pack_cache.disk_full", {{"folder", options_.folder.string()}});
    return;
  }
  const std::string hash = writer.write(path, source, {});
  index_.remember({path}, StatIndex::snapshot({path}), hash, false);
  log::info("pack_cache.written", {{"file", path.string()}, {"bytes", writer.bytes()}});
}

// Removes the packed files that were used least recently until `wanted` more bytes fit, and what
// processes that were killed left behind.
void PackCache::make_room(std::uint64_t wanted) const {
  struct Kept {
    fs::path path;
    std::uint64_t bytes;
    fs::file_time_type written;
  };
  std::vector<Kept> kept;
  std::uint64_t total = wanted;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(options_.folder, error)) {
    const auto written = entry.last_write_time(error);
    if (error || !entry.is_regular_file(error)) continue;
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".parley") {
      kept.push_back({entry.path(), entry.file_size(error), written});
      total += kept.back().bytes;
    } else if (name.find(".parley.tmp-") != std::string::npos && now - written > kAbandoned) {
      fs::remove(entry.path(), error);
    }
  }
  std::sort(kept.begin(), kept.end(),
            [](const Kept& a, const Kept& b) { return a.written < b.written; });
  for (const Kept& each : kept) {
    if (total <= options_.most_bytes) return;
    log::info("pack_cache.removed", {{"file", each.path.string()}, {"bytes", each.bytes}});
    fs::remove(each.path, error);
    total -= each.bytes;
  }
}

}  // namespace parley::nn
