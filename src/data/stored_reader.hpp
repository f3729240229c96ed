// Reads a dataset's stored lines in order, with what was selected. Memory: one block and the
// longest line.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/add.hpp"

namespace parley::data {

class StoredReader {
 public:
  // Opens every file at once, so that an import that replaces them meanwhile does no harm.
  StoredReader(const std::filesystem::path& dataset_dir, const DatasetInfo& info);

  struct Line {
    std::string_view json;  // kJsonPadding readable bytes behind it; valid until the next call
    Selection selection;
    std::size_t source;  // index into DatasetInfo::sources
  };
  bool next(Line& line);  // false at the end. Errors: kIo, kInvalidInput (the dataset is damaged)

 private:
  struct Closer {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  struct Part {
    std::unique_ptr<std::FILE, Closer> file;
    std::size_t source;
  };
  bool fill();

  std::string selection_;
  std::vector<Part> parts_;
  std::size_t part_ = 0;
  std::size_t record_ = 0;
  std::string buffer_;  // followed by padding
  std::size_t begin_ = 0, end_ = 0;
};

}  // namespace parley::data
