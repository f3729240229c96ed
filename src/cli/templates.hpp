// Where the starter projects are: PARLEY_TEMPLATES, ../share/parley/templates beside an installed
// program, or the source tree the program was built from.
#pragma once

#include <filesystem>
#include <vector>

namespace parley::cli {

// Those that exist, the preferred one first.
std::vector<std::filesystem::path> template_folders();

}  // namespace parley::cli
