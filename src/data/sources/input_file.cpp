#include "data/sources/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/error.hpp"

namespace parley::data {

InputFile::InputFile(const std::filesystem::path& path, std::string shown)
    : shown_(std::move(shown)) {
  fd_ = ::open(path.c_str(),
               O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // non-blocking: a FIFO must not hang us
  if (fd_ < 0) {
    const int error = errno;
    if (error == ENOENT) fail(ErrorKind::kNotFound, shown_ + ": no such file", "check the path");
    fail_errno(
        "cannot read " + shown_, error,
        error == EACCES ? "give yourself permission: chmod u+r " + shown_ : "check the path");
  }
  struct stat info{};
  if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd_);
    fail(ErrorKind::kInvalidInput, shown_ + ": not a regular file",
         "give a file, a folder or a glob");
  }
  size_ = static_cast<std::uint64_t>(info.st_size);
  ::posix_fadvise(fd_, 0, 0, POSIX_FADV_SEQUENTIAL);
}

InputFile::~InputFile() {
  ::close(fd_);
}

bool InputFile::read(std::string& out, std::size_t max) {
  const std::size_t before = out.size();
  // Small files should not cost a large buffer; a file that grows meanwhile is still read to its
  // end.
  max = std::min<std::size_t>(max, size_ > read_ ? size_ - read_ + 1 : 4096);
  out.resize(before + max);
  ssize_t got;
  do {
    got = ::read(fd_, out.data() + before, max);
  } while (got < 0 && errno == EINTR);
  if (got < 0) {
    const int error = errno;
    out.resize(before);
    fail_errno("cannot read " + shown_, error, "check the disk");
  }
  const auto bytes = static_cast<std::size_t>(got);
  out.resize(before + bytes);
  if (bytes == 0) return false;
  hash_.update(out.data() + before, bytes);
  if (read_ == 0) {
    const std::string_view start(out.data() + before, bytes);
    if (start.substr(0, 2) == "\xFF\xFE" || start.substr(0, 2) == "\xFE\xFF") {
      fail(ErrorKind::kInvalidInput, shown_ + ": the file is UTF-16",
           "save it as UTF-8: iconv -f UTF-16 -t UTF-8 OLD > NEW");
    }
    if (start.substr(0, 3) == "\xEF\xBB\xBF") out.erase(before, 3);
  }
  read_ += bytes;
  return true;
}

std::string hash_input(const std::filesystem::path& path) {
  InputFile file(path, path.string());
  std::string block;
  do {
    block.clear();
  } while (file.read(block, 1u << 20));
  return file.sha256();
}

}  // namespace parley::data
