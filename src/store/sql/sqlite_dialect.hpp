// SQLite: one file in write-ahead mode, or memory.
#pragma once

#include <filesystem>
#include <optional>

#include "store/sql/dialect.hpp"
#include "store/sql/use_lock.hpp"

namespace parley::store {

class SqliteDialect : public Dialect {
 public:
  // `file` empty: in memory. open() creates the folder and the file, readable by the owner only.
  explicit SqliteDialect(std::filesystem::path file);

  const std::string& name() const override { return name_; }
  void open(soci::session& session) override;
  bool was_alone() const override { return !lock_ || lock_->was_alone(); }
  void set_durability(soci::session& session, Durability durability) override;
  std::span<const Migration> migrations() const override;
  long long version(soci::session& session) override;
  void set_version(soci::session& session, long long version) override;
  void run(soci::session& session, const Migration& migration) override;
  void begin(soci::session& session) override;
  [[noreturn]] void rethrow(const soci::soci_error& error) const override;

 private:
  void open_file(soci::session& session);

  std::filesystem::path file_;
  std::string name_;
  std::optional<UseLock> lock_;  // FILE.lock; none: in memory
};

}  // namespace parley::store
