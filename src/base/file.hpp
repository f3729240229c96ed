// Files: whole-file reads with a limit, atomic replacement, and read-only memory maps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace parley {

// Errors: kNotFound, kIo, kLimit (file larger than max_bytes).
std::string read_file(const std::filesystem::path& path, std::size_t max_bytes = 1u << 30);

// A file that appears whole or not at all: written to PATH.tmp-PID-N, flushed with fsync, then
// renamed over PATH and the folder fsynced. Without commit() the destructor removes the temporary
// file and PATH stays as it was.
class AtomicFile {
 public:
  explicit AtomicFile(std::filesystem::path path);  // creates parent folders. Errors: kIo
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t size);  // Errors: kIo (disk full, …)
  void write(std::string_view text) { write(text.data(), text.size()); }
  std::uint64_t size() const { return size_; }
  void commit();  // Errors: kIo

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  std::FILE* file_ = nullptr;
  std::uint64_t size_ = 0;
};

void write_file_atomically(const std::filesystem::path& path, std::string_view text);

// fsyncs a folder so that a rename in it survives a power cut.
void sync_folder(const std::filesystem::path& folder);

// Points the symbolic link `link` at `target` in one atomic step.
void replace_symlink(const std::filesystem::path& link, const std::filesystem::path& target);

// A read-only map of a whole file. Thread-safe after construction.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path);  // Errors: kNotFound, kIo
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }

 private:
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace parley
