#include "base/named_files.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley {
namespace fs = std::filesystem;

NamedFiles::NamedFiles(fs::path folder) : where_(folder.string()), folder_(std::move(folder)) {}

NamedFiles::NamedFiles(std::map<std::string, std::string_view> files,
                       std::shared_ptr<const void> owner, std::string where)
    : where_(std::move(where)), files_(std::move(files)), owner_(std::move(owner)) {}

bool NamedFiles::has(const std::string& name) const {
  return folder_ ? fs::is_regular_file(*folder_ / name) : files_.contains(name);
}

std::optional<std::string> NamedFiles::read(const std::string& name, std::size_t max_bytes) const {
  if (!has(name)) return std::nullopt;
  if (folder_) return read_file(*folder_ / name, max_bytes);
  const std::string_view bytes = files_.at(name);
  if (bytes.size() > max_bytes) {
    fail(ErrorKind::kLimit, path_of(name) + ": larger than " + std::to_string(max_bytes) + " bytes",
         "check that this is the right file");
  }
  return std::string(bytes);
}

Json NamedFiles::read_object(const std::string& name) const {
  const auto text = read(name);
  if (!text) return Json::object();
  Json root = parse_json(*text, path_of(name), kJsonDepth, RepeatedName::kLastHolds);
  if (!root.is_object()) {
    fail(ErrorKind::kInvalidInput, path_of(name) + ": expected a JSON object",
         "copy the file again, or correct it");
  }
  return root;
}

std::vector<std::string> NamedFiles::list(const std::string& folder,
                                          std::string_view suffix) const {
  std::vector<std::string> out;
  const std::string prefix = folder.empty() ? "" : folder + "/";
  const auto add = [&](const std::string& file) {
    if (file.ends_with(suffix) && file.find('/') == std::string::npos) out.push_back(prefix + file);
  };
  if (folder_) {
    std::error_code none;  // no folder, no files
    for (const auto& entry : fs::directory_iterator(*folder_ / folder, none))
      add(entry.path().filename().string());
  }
  for (const auto& [name, bytes] : files_) {
    if (name.starts_with(prefix)) add(name.substr(prefix.size()));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace parley
