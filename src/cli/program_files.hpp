// What lies beside this program.
#pragma once

#include <filesystem>
#include <optional>

namespace parley::cli {

std::filesystem::path program_folder();  // where this program lies; empty when that cannot be told

// parley-train: beside this program, or on PATH.
std::optional<std::filesystem::path> find_trainer();

}  // namespace parley::cli
