// Files that hold no text that could be read, told by how they begin and by their names.
#pragma once

#include <optional>
#include <string_view>

namespace parley::data {

struct FileKind {
  std::string_view what;    // "a PDF"
  std::string_view advice;  // what to do instead
};

// Nothing for what may be text. `extension` in lower case, with its dot; `start` is the beginning
// of the file.
std::optional<FileKind> binary_kind(std::string_view extension, std::string_view start);

}  // namespace parley::data
