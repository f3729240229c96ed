#include "data/stored_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/file.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {
namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail_damaged(const fs::path& path, const std::string& why) {
  fail(ErrorKind::kInvalidInput, path.string() + ": " + why,
       "the dataset is damaged: delete its folder and run `parley data add`");
}
}  // namespace

StoredReader::StoredReader(const fs::path& dataset_dir, const DatasetInfo& info)
    : selection_(read_file(dataset_dir / info.selection_file)) {
  if (selection_.size() != info.records()) {
    fail_damaged(dataset_dir / info.selection_file, "not the size the manifest says");
  }
  for (std::size_t s = 0; s < info.sources.size(); ++s) {
    const SourceEntry& source = info.sources[s];
    for (std::size_t p = 0; p < source.parts(); ++p) {
      const fs::path path = dataset_dir / source.folder / part_name(p);
      std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rbe"));
      if (!file) fail_errno("cannot open " + path.string(), errno, "run `parley data add` again");
      std::error_code error;
      if (fs::file_size(path, error) !=
          source.stored.at(part_name(p)).at("bytes").get<std::uint64_t>()) {
        fail_damaged(path, "not the size the manifest says");
      }
      parts_.push_back({std::move(file), s});
    }
  }
}

bool StoredReader::fill() {
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  if (buffer_.size() < end_ + kReadBlock + kJsonPadding)
    buffer_.resize(end_ + kReadBlock + kJsonPadding);
  const std::size_t got =
      std::fread(buffer_.data() + end_, 1, kReadBlock, parts_[part_].file.get());
  if (got == 0 && std::ferror(parts_[part_].file.get()))
    fail(ErrorKind::kIo, "cannot read the dataset", "check the disk");
  end_ += got;
  return got > 0;
}

bool StoredReader::next(Line& line) {
  while (part_ < parts_.size()) {
    std::size_t searched = begin_;
    for (;;) {
      const void* found =
          searched < end_ ? std::memchr(buffer_.data() + searched, '\n', end_ - searched) : nullptr;
      if (found) {
        const std::size_t at =
            static_cast<std::size_t>(static_cast<const char*>(found) - buffer_.data());
        if (record_ >= selection_.size())
          fail(ErrorKind::kInvalidInput, "the dataset has more records than its selection");
        line.json = std::string_view(buffer_).substr(begin_, at - begin_);
        line.selection = static_cast<Selection>(selection_[record_++]);
        line.source = parts_[part_].source;
        begin_ = at + 1;
        return true;
      }
      searched = end_ - begin_;  // where the unread bytes will end once moved to the front
      if (!fill()) break;
    }
    ++part_;
    begin_ = end_ = 0;
  }
  return false;
}

}  // namespace parley::data
