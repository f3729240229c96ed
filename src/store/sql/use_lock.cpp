#include "store/sql/use_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "base/error.hpp"

namespace parley::store {

UseLock::UseLock(const std::filesystem::path& file) {
  fd_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) fail_errno("cannot open " + file.string(), errno, "check the folder's permissions");
  alone_ = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
  // Shared from here on: as long as this process lives, no other one finds itself alone.
  while (::flock(fd_, LOCK_SH) != 0 && errno == EINTR) {
  }
}

UseLock::~UseLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace parley::store
