// One connection to a database, whichever it is: opened, migrated, used by one thread at a time.
#pragma once

#include <soci/soci.h>

#include <memory>
#include <mutex>
#include <optional>
#include <type_traits>

#include "store/sql/dialect.hpp"

namespace parley::store {

// Rolled back unless commit() is called.
class WriteTransaction {
 public:
  WriteTransaction(soci::session& session, Dialect& dialect);
  ~WriteTransaction();
  WriteTransaction(const WriteTransaction&) = delete;
  WriteTransaction& operator=(const WriteTransaction&) = delete;
  void commit();

 private:
  soci::session& session_;
  bool open_ = true;
};

// Thread-safe.
class Database {
 public:
  // Opens the database and brings its tables up to date. Errors: kInvalidInput (made by a newer
  // Parley), and the dialect's.
  explicit Database(std::unique_ptr<Dialect> dialect);

  bool was_alone() const { return dialect_->was_alone(); }

  // Runs `work(soci::session&)` alone on the connection. How durable its writes are is set before
  // it runs, never put back after: work that throws leaves nothing behind for the next one.
  template <typename Work>
  auto use(Work&& work, Durability durability = Durability::kPowerCut) {
    const std::lock_guard lock(mutex_);
    try {
      set_durability(durability);
      return work(session_);
    } catch (const soci::soci_error& error) {
      dialect_->rethrow(error);
    }
  }
  // The same, as one transaction: all of it or nothing.
  template <typename Work>
  auto transact(Work&& work) {
    return use([&](soci::session& sql) {
      WriteTransaction transaction(sql, *dialect_);
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

  std::mutex mutex_;
  std::unique_ptr<Dialect> dialect_;  // outlives the session: it may hold the database's lock
  soci::session session_;
  std::optional<Durability> durability_;  // of the connection; nothing: not yet set
};

}  // namespace parley::store
