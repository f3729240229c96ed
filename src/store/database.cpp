#include "store/database.hpp"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "store/schema.hpp"

namespace parley::store {
namespace fs = std::filesystem;

UseLock::UseLock(const fs::path& file) {
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

void fail_database(const std::string& name, const soci::soci_error& error) {
  const std::string what = error.what();
  const auto has = [&](const char* text) { return what.find(text) != std::string::npos; };
  if (has("not a database") || has("malformed")) {
    fail(ErrorKind::kInvalidInput, name + ": not a usable database: " + what,
         "move the file away to start with an empty one, or restore a backup");
  }
  fail(ErrorKind::kIo, "store " + name + ": " + what,
       has("full")     ? "free some disk space; what was stored before is safe"
       : has("locked") ? "another program holds the database; close it and try again"
                       : "check the file's permissions and the disk");
}

WriteTransaction::WriteTransaction(soci::session& session) : session_(session) {
  session_ << "BEGIN IMMEDIATE";
}

WriteTransaction::~WriteTransaction() {
  if (!open_) return;
  try {
    session_ << "ROLLBACK";
  } catch (const soci::soci_error&) {  // SQLite has rolled back already, after a full disk say
  }
}

void WriteTransaction::commit() {
  session_ << "COMMIT";
  open_ = false;
}

Database::Database(const fs::path& file) : name_(file.empty() ? "in memory" : file.string()) {
  try {
    if (file.empty()) {
      session_.open(soci::sqlite3, ":memory:");
    } else {
      if (name_.find('"') != std::string::npos) {
        fail(ErrorKind::kUsage, name_ + ": a store's path cannot contain a double quote",
             "choose another folder");
      }
      std::error_code error;
      if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
      if (error) fail_errno("cannot create " + file.parent_path().string(), error.value());
      // Created here first so that nobody but the owner can read it.
      const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (fd < 0) fail_errno("cannot open " + name_, errno, "check the path and its permissions");
      ::close(fd);
      session_.open(soci::sqlite3, "db=\"" + name_ + "\" timeout=10");
      session_ << "PRAGMA journal_mode = WAL";
    }
    set_durability(Durability::kPowerCut);
    session_ << "PRAGMA foreign_keys = ON";
    migrate();
  } catch (const soci::soci_error& error) {
    fail_database(name_, error);
  }
}

void Database::set_durability(Durability durability) {
  if (durability_ == durability) return;
  session_ << "PRAGMA synchronous = " << (durability == Durability::kPowerCut ? "FULL" : "NORMAL");
  durability_ = durability;
}

void Database::migrate() {
  const auto steps = sqlite_migrations();
  // Two processes that start together migrate one after the other.
  WriteTransaction transaction(session_);
  long long version = 0;
  session_ << "PRAGMA user_version", soci::into(version);
  if (version > static_cast<long long>(steps.size())) {
    fail(ErrorKind::kInvalidInput,
         name_ + ": made by a newer Parley (schema " + std::to_string(version) +
             ", this one knows " + std::to_string(steps.size()) + ")",
         "update Parley");
  }
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session_.get_backend());
  for (auto step = static_cast<std::size_t>(version); step < steps.size(); ++step) {
    // Several statements with semicolons inside triggers: only sqlite3_exec splits them.
    const std::string text(steps[step]);
    char* message = nullptr;
    if (sqlite_api::sqlite3_exec(backend->conn_, text.c_str(), nullptr, nullptr, &message) !=
        SQLITE_OK) {
      const std::string why = message ? message : "unknown error";
      sqlite_api::sqlite3_free(message);
      throw soci::soci_error("migration " + std::to_string(step + 1) + ": " + why);
    }
  }
  session_ << "PRAGMA user_version = " << steps.size();
  transaction.commit();
}

}  // namespace parley::store
