// A source file read once from start to end, hashed on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "base/sha256.hpp"

namespace parley::data {

inline constexpr std::size_t kReadBlock = 1u << 20;  // bytes that readers ask for at a time

class InputFile {
 public:
  // `shown` is the path that messages name. Errors: kNotFound, kIo (permission), kInvalidInput (not
  // a regular file).
  InputFile(const std::filesystem::path& path, std::string shown);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // Appends up to `max` bytes to `out`; false at the end. A UTF-8 byte order mark at the start is
  // left out. Errors: kIo; kInvalidInput if the file starts with a UTF-16 mark.
  bool read(std::string& out, std::size_t max);

  const std::string& shown() const { return shown_; }
  std::uint64_t size() const { return size_; }  // when it was opened
  std::uint64_t bytes_read() const { return read_; }
  std::string sha256() { return hash_.hex(); }  // of what was read; call once, at the end

 private:
  std::string shown_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t read_ = 0;
  Sha256 hash_;
};

// SHA-256 of a whole file without mapping it. Errors: as above.
std::string hash_input(const std::filesystem::path& path);

}  // namespace parley::data
