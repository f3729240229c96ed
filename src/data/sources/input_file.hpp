// A source file read once from start to end, hashed on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

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

  // Appends what up to `max` bytes hold to `out`, in UTF-8; false at the end. A byte order mark at
  // the start is left out; what it says to be UTF-16 is converted, where half a surrogate pair or
  // character becomes ill-formed UTF-8, for the readers to find. Errors: kIo; kInvalidInput
  // (UTF-32).
  bool read(std::string& out, std::size_t max);

  const std::string& shown() const { return shown_; }
  std::uint64_t size() const { return size_; }  // when it was opened
  std::uint64_t bytes_read() const { return read_; }
  std::string sha256() { return hash_.hex(); }  // of what was read; call once, at the end

 private:
  enum class Encoding { kUtf8, kUtf16Le, kUtf16Be };
  bool read_bytes(std::string& out, std::size_t max);
  void start(std::string& bytes);
  void convert(std::string_view bytes, bool last, std::string& out);

  std::string shown_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t read_ = 0;
  Sha256 hash_;
  Encoding encoding_ = Encoding::kUtf8;
  std::string left_;  // UTF-16: bytes of a character that goes on in the next block
};

// SHA-256 of a whole file without mapping it. Errors: as above.
std::string hash_input(const std::filesystem::path& path);

}  // namespace parley::data
