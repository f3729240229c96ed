#include "nn/files/stat_index.hpp"

#include <sys/stat.h>

#include <ctime>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "base/sha256.hpp"

namespace parley::nn {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxEntry = 4u << 20;
constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t nanoseconds(const timespec& t) {
  return std::int64_t{t.tv_sec} * kSecond + t.tv_nsec;
}

// Null when a file cannot be asked. `latest`: when the last of them changed.
Json describe(const std::vector<fs::path>& files, std::int64_t& latest) {
  Json out = Json::array();
  for (const fs::path& file : files) {
    std::error_code error;
    const fs::path canonical = fs::canonical(file, error);
    struct stat info{};
    if (error || ::stat(canonical.c_str(), &info) != 0) return {};
    const std::int64_t content = nanoseconds(info.st_mtim), status = nanoseconds(info.st_ctim);
    latest = std::max({latest, content, status});
    out.push_back({canonical.string(), info.st_size, info.st_dev, info.st_ino, content, status});
  }
  return out;
}

}  // namespace

std::string StatIndex::snapshot(const std::vector<fs::path>& files) {
  std::int64_t latest = 0;
  const Json now = describe(files, latest);
  return now.is_null() ? std::string() : to_text(now);
}

fs::path StatIndex::entry(const std::vector<fs::path>& files) const {
  Sha256 hash;
  for (const fs::path& file : files) {
    std::error_code error;
    hash.update(fs::weakly_canonical(file, error).string());
    hash.update(std::string_view("\0", 1));
  }
  return folder_ / (hash.hex().substr(0, 32) + ".json");
}

std::optional<std::string> StatIndex::find(const std::vector<fs::path>& files) const {
  const fs::path path = entry(files);
  std::error_code error;
  if (!fs::exists(path, error)) return std::nullopt;
  try {
    const Json known = read_json_file(path, kMaxEntry);
    if (!known.is_object() || !known.contains("files") || !known.contains("value") ||
        !known["value"].is_string())
      return std::nullopt;
    const std::string now = snapshot(files);
    if (now.empty() || to_text(known["files"]) != now) return std::nullopt;
    return known["value"].get<std::string>();
  } catch (const Error& e) {  // another process may have removed or be replacing it
    log::debug("pack_cache.entry_unreadable", {{"error", e.message()}});
    return std::nullopt;
  }
}

void StatIndex::remember(const std::vector<fs::path>& files, const std::string& before,
                         const std::string& value, bool settled) const {
  std::int64_t latest = 0;
  const Json now = describe(files, latest);
  if (now.is_null() || to_text(now) != before) return;
  timespec clock{};
  ::clock_gettime(CLOCK_REALTIME, &clock);
  if (settled && latest > nanoseconds(clock) - 2 * kSecond) return;
  try {
    write_file_atomically(entry(files), to_text(Json{{"files", now}, {"value", value}}) + "\n");
  } catch (const Error& e) {
    log::debug("pack_cache.entry_not_written", {{"error", e.message()}});
  }
}

}  // namespace parley::nn
