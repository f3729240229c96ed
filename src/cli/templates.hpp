// Where the starter projects are: PARLEY_TEMPLATES, ../share/parley/templates beside an installed
// program, or the source tree the program was built from.
#pragma once

#include <filesystem>
#include <vector>

namespace parley::cli {

std::filesystem::path program_folder();                 // where this program lies
std::vector<std::filesystem::path> template_folders();  // those that exist, the preferred one first

}  // namespace parley::cli
