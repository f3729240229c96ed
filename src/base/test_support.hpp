// Helpers for tests: a temporary folder, and the one place that finds the shared real data.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

#include "base/id.hpp"

namespace parley::test {

class TempDir {
 public:
  TempDir() : path_(std::filesystem::temp_directory_path() / ("parley-" + random_hex(8))) {
    std::filesystem::create_directories(path_);
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// PARLEY_TEST_DATA/relative, or ../shared/data/relative beside the source tree; nothing where the
// data is not there. Tests that need it skip visibly:
//     const auto path = test::shared_data("text/tinyshakespeare.txt");
//     if (!path) GTEST_SKIP() << "no shared data";
inline std::optional<std::filesystem::path> shared_data(const std::string& relative) {
  std::filesystem::path root;
  if (const char* set = std::getenv("PARLEY_TEST_DATA")) {
    root = set;
  } else {
#ifdef PARLEY_SOURCE_DIR
    root = std::filesystem::path(PARLEY_SOURCE_DIR).parent_path() / "shared" / "data";
#endif
  }
  const auto path = root / relative;
  if (!root.empty() && std::filesystem::exists(path)) return path;
  return std::nullopt;
}

}  // namespace parley::test
