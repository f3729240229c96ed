#include "data/sources/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/error.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {
constexpr char kIllFormed = '\xFF';  // is no UTF-8 anywhere
}

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
  if (encoding_ != Encoding::kUtf8) {
    std::string bytes;
    const bool more = read_bytes(bytes, max);
    const std::size_t before = out.size();
    convert(bytes, !more, out);
    return more || out.size() > before;
  }
  const std::size_t before = out.size();
  const bool first = read_ == 0;
  if (!read_bytes(out, max)) return false;
  if (first) {
    std::string bytes = out.substr(before);
    out.resize(before);
    start(bytes);
    if (encoding_ == Encoding::kUtf8) {
      out += bytes;
    } else {
      convert(bytes, false, out);
    }
  }
  return true;
}

// What the first block says about the file, which its mark is taken off.
void InputFile::start(std::string& bytes) {
  const auto begins = [&](std::string_view mark) {
    return bytes.compare(0, mark.size(), mark) == 0;
  };
  if (begins(std::string_view("\xFF\xFE\0\0", 4)) || begins(std::string_view("\0\0\xFE\xFF", 4))) {
    fail(ErrorKind::kInvalidInput, shown_ + ": the file is UTF-32",
         "save it as UTF-8: iconv -f UTF-32 -t UTF-8 OLD > NEW");
  }
  if (begins("\xFF\xFE") || begins("\xFE\xFF")) {
    encoding_ = begins("\xFF\xFE") ? Encoding::kUtf16Le : Encoding::kUtf16Be;
    bytes.erase(0, 2);
  } else if (begins("\xEF\xBB\xBF")) {
    bytes.erase(0, 3);
  }
}

void InputFile::convert(std::string_view bytes, bool last, std::string& out) {
  left_.append(bytes);
  const auto unit = [&](std::size_t at) {
    const auto a = static_cast<unsigned char>(left_[at]),
               b = static_cast<unsigned char>(left_[at + 1]);
    return static_cast<char32_t>(encoding_ == Encoding::kUtf16Le ? a | b << 8 : a << 8 | b);
  };
  std::size_t at = 0;
  for (; at + 2 <= left_.size(); at += 2) {
    const char32_t high = unit(at);
    if (high < 0xD800 || high > 0xDFFF) {
      text::append_code_point(out, high);
      continue;
    }
    if (high < 0xDC00 && at + 4 > left_.size() && !last) break;
    const char32_t low = high < 0xDC00 && at + 4 <= left_.size() ? unit(at + 2) : 0;
    if (low >= 0xDC00 && low <= 0xDFFF) {
      text::append_code_point(out, 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00));
      at += 2;
    } else {
      out += kIllFormed;
    }
  }
  left_.erase(0, std::min(at, left_.size()));
  if (last && !left_.empty()) {
    out += kIllFormed;
    left_.clear();
  }
}

bool InputFile::read_bytes(std::string& out, std::size_t max) {
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
