// One SQLite connection: how it is opened, configured and migrated, and how its errors become
// Parley's. Private to store/.
#pragma once

#include <soci/soci.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
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

// A transaction that holds the right to write from its first statement on: one that has read and
// then finds that another process wrote meanwhile would fail at once, without waiting. Rolled back
// unless commit() is called.
class WriteTransaction {
 public:
  explicit WriteTransaction(soci::session& session);
  ~WriteTransaction();
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;
  void commit();

 private:
  soci::session& session_;
  bool open_ = true;
};

// What a write must outlive: the machine's power, or only this process.
enum class Durability { kPowerCut, kCrash };

class Database {
 public:
  // `file` empty: in memory. Creates the folder and the file, readable by the owner only.
  explicit Database(const std::filesystem::path& file);

  // Runs `work(soci::session&)` alone on the connection. How durable its writes are is set before
  // it runs, never put back after: work that throws leaves nothing behind for the next one.
  template <typename Work>
  auto use(Work&& work, Durability durability = Durability::kPowerCut) {
    const std::lock_guard lock(mutex_);
    try {
      set_durability(durability);
      return work(session_);
    } catch (const soci::soci_error& error) {
      fail_database(name_, error);
    }
  }
  // The same, as one transaction: all of it or nothing.
  template <typename Work>
  auto transact(Work&& work) {
    return use([&](soci::session& sql) {
      WriteTransaction transaction(sql);
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
  void set_durability(Durability durability);

  std::string name_;
  std::mutex mutex_;
  soci::session session_;
  std::optional<Durability> durability_;  // of the connection; nothing: not yet set
};

}  // namespace parley::store
