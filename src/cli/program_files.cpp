#include "cli/program_files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

namespace parley::cli {
namespace fs = std::filesystem;

fs::path program_folder() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  return error ? fs::path() : program.parent_path();
}

std::optional<fs::path> find_trainer() {
  const auto runs = [](const fs::path& file) { return ::access(file.c_str(), X_OK) == 0; };
  const fs::path folder = program_folder();
  if (!folder.empty() && runs(folder / "parley-train")) return folder / "parley-train";
  const std::string path = std::getenv("PATH") ? std::getenv("PATH") : "";
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const fs::path candidate = fs::path(path.substr(at, end - at)) / "parley-train";
    if (end > at && runs(candidate)) return candidate;
    at = end + 1;
  }
  return std::nullopt;
}

}  // namespace parley::cli
