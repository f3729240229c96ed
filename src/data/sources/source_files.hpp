// From what the user names (a file, a folder, a glob) to the files to read and their formats.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "data/sources/chunk.hpp"

namespace parley::data {

enum class Format { kOpenAi, kShareGpt, kJsonLines, kJsonValues, kCsv, kPlain, kMarkdown, kHtml };

struct SourceFile {
  std::filesystem::path path;
  std::string shown;  // as messages name it: relative to the project where it lies inside
  Format format;
  bool by_lines = true;  // JSON: one record a line
  bool speaks = true;    // documents: conversations in speaker lines are looked for
};

struct SourceListing {
  std::vector<SourceFile> files;  // sorted by path
  std::vector<std::string>
      ignored;  // files of a folder or glob that are no data (unknown extension, empty)
};

// `path` is relative to `root` or absolute. `format`: one of kDataFormats. In a
// folder (searched with its sub-folders, hidden ones excluded) or glob (* ? [] per path component,
// ** for any folders), files that auto cannot place are listed as ignored. Errors: kNotFound (no
// such file, nothing matches), kInvalidInput (a single file that cannot be placed; an empty file;
// nothing usable in a folder), kUsage (unknown format).
SourceListing list_source(const std::filesystem::path& root, const std::string& path,
                          std::string_view format);

// Is nothing at `path`: no such file or folder, no file that matches, or none in the folder?
bool is_absent(const std::filesystem::path& root, const std::string& path);

// `path` relative to `root` if it lies inside, else absolute: the name of a source and of a file in
// messages.
std::string source_name(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace parley::data
