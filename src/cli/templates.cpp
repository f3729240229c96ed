#include "cli/templates.hpp"

#include <cstdlib>

#include "cli/program_files.hpp"

namespace parley::cli {
namespace fs = std::filesystem;

std::vector<fs::path> template_folders() {
  std::vector<fs::path> candidates;
  if (const char* set = std::getenv("PARLEY_TEMPLATES")) candidates.emplace_back(set);
  candidates.push_back(program_folder() / ".." / "share" / "parley" / "templates");
#ifdef PARLEY_TEMPLATE_SOURCE
  candidates.emplace_back(PARLEY_TEMPLATE_SOURCE);
#endif
  std::vector<fs::path> found;
  for (const fs::path& folder : candidates) {
    if (fs::is_directory(folder)) found.push_back(folder.lexically_normal());
  }
  return found;
}

}  // namespace parley::cli
