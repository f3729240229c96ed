// An advisory lock that dies with its process: tells whether anyone else has the same database
// open.
#pragma once

#include <filesystem>

namespace parley::store {

class UseLock {
 public:
  explicit UseLock(const std::filesystem::path& file);  // Errors: kIo
  ~UseLock();
  UseLock(const UseLock&) = delete;
  UseLock& operator=(const UseLock&) = delete;
  bool was_alone() const { return alone_; }  // when it was taken

 private:
  int fd_ = -1;
  bool alone_ = false;
};

}  // namespace parley::store
