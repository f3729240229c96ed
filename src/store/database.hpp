// One SQLite connection: how it is opened, configured and migrated, and how its errors become
// Parley's. Private to store/.
#pragma once

#include <soci/soci.h>

#include <filesystem>
#include <mutex>
#include <utility>

#include "base/error.hpp"

namespace parley::store {

// An advisory lock that dies with its process: tells whether anyone else has the same database
// open.
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

[[noreturn]] void fail_database(const std::string& name, const soci::soci_error& error);

class Database {
 public:
  // `file` empty: in memory. Creates the folder and the file, readable by the owner only.
  explicit Database(const std::filesystem::path& file);

  // Runs `work(soci::session&)` alone on the connection.
  template <typename Work>
  auto use(Work&& work) {
    const std::lock_guard lock(mutex_);
    try {
      return work(session_);
    } catch (const soci::soci_error& error) {
      fail_database(name_, error);
    }
  }
  // The same, as one transaction: all of it or nothing.
  template <typename Work>
  auto transact(Work&& work) {
    return use([&](soci::session& sql) {
      soci::transaction transaction(sql);
      if constexpr (std::is_void_v<decltype(work(sql))>) {
        work(sql);
        transaction.commit();
      } else {
        auto result = work(sql);
        transaction.commit();
        return result;
      }
    });
  }

 private:
  void migrate();

  std::string name_;
  std::mutex mutex_;
  soci::session session_;
};

}  // namespace parley::store
