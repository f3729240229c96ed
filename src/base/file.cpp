#include "base/file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/error.hpp"

namespace parley {
namespace fs = std::filesystem;

namespace {
[[noreturn]] void fail_open(const fs::path& path, int error) {
  if (error == ENOENT) {
    fail(ErrorKind::kNotFound, path.string() + ": no such file", "check the path");
  }
  fail_errno("cannot open " + path.string(), error, "check the path and its permissions");
}

std::string no_space_hint(int error) {
  return error == ENOSPC || error == EDQUOT
             ? "free some disk space and run the command again; nothing was lost"
             : "check the disk and the permissions";
}
}  // namespace

std::string read_file(const fs::path& path, std::size_t max_bytes) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_open(path, errno);
  struct Closer {
    int fd;
    ~Closer() { ::close(fd); }
  } closer{fd};
  std::string text;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && S_ISDIR(info.st_mode)) {
    fail(ErrorKind::kInvalidInput, path.string() + ": is a folder, expected a file");
  }
  if (info.st_size > 0) text.reserve(std::min<std::size_t>(info.st_size, max_bytes) + 1);
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0) {
      if (errno == EINTR) continue;
      fail_errno("cannot read " + path.string(), errno);
    }
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > max_bytes) {
      fail(ErrorKind::kLimit,
           path.string() + ": larger than " + std::to_string(max_bytes) + " bytes");
    }
  }
}

AtomicFile::AtomicFile(fs::path path) : path_(std::move(path)) {
  std::error_code error;
  if (path_.has_parent_path()) fs::create_directories(path_.parent_path(), error);
  if (error) fail_errno("cannot create " + path_.parent_path().string(), error.value());
  static std::atomic<unsigned> count{0};  // two threads may write the same file at once
  temporary_ =
      path_.string() + ".tmp-" + std::to_string(::getpid()) + "-" + std::to_string(count++);
  file_ = std::fopen(temporary_.c_str(), "wbe");
  if (!file_) fail_errno("cannot create " + temporary_.string(), errno, no_space_hint(errno));
}

AtomicFile::~AtomicFile() {
  if (!file_) return;
  std::fclose(file_);
  ::unlink(temporary_.c_str());
}

void AtomicFile::write(const void* data, std::size_t size) {
  if (size != 0 && std::fwrite(data, 1, size, file_) != size) {
    const int error = errno;
    fail_errno("cannot write " + path_.string(), error, no_space_hint(error));
  }
  size_ += size;
}

void AtomicFile::commit() {
  if (std::fflush(file_) != 0 || ::fsync(::fileno(file_)) != 0) {
    const int error = errno;
    fail_errno("cannot write " + path_.string(), error, no_space_hint(error));
  }
  std::FILE* file = file_;
  file_ = nullptr;
  if (std::fclose(file) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int error = errno;
    ::unlink(temporary_.c_str());
    fail_errno("cannot write " + path_.string(), error, no_space_hint(error));
  }
  sync_folder(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

void write_file_atomically(const fs::path& path, std::string_view text) {
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  ::fsync(fd);
  ::close(fd);
}

void replace_symlink(const fs::path& link, const fs::path& target) {
  const fs::path temporary = link.string() + ".tmp-" + std::to_string(::getpid());
  ::unlink(temporary.c_str());
  if (::symlink(target.c_str(), temporary.c_str()) != 0 ||
      ::rename(temporary.c_str(), link.c_str()) != 0) {
    fail_errno("cannot point " + link.string() + " at " + target.string(), errno);
  }
  sync_folder(link.parent_path());
}

MappedFile::MappedFile(const fs::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_open(path, errno);
  struct stat info{};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    fail(ErrorKind::kInvalidInput, path.string() + ": not a regular file");
  }
  size_ = static_cast<std::size_t>(info.st_size);
  if (size_ > 0) {
    void* map = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0);
    if (map == MAP_FAILED) {
      const int error = errno;
      ::close(fd);
      fail_errno("cannot map " + path.string(), error);
    }
    data_ = static_cast<const std::byte*>(map);
  }
  ::close(fd);
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<std::byte*>(data_), size_);
}

}  // namespace parley
