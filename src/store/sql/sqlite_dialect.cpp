#include "store/sql/sqlite_dialect.hpp"

#include <fcntl.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "store/sql/sqlite_migrations.hpp"

namespace parley::store {
namespace fs = std::filesystem;

SqliteDialect::SqliteDialect(fs::path file)
    : file_(std::move(file)), name_(file_.empty() ? "in memory" : file_.string()) {}

void SqliteDialect::open(soci::session& session) {
  if (file_.empty()) {
    session.open(soci::sqlite3, ":memory:");
  } else {
    open_file(session);
  }
  session << "PRAGMA foreign_keys = ON";
  // What is deleted or replaced is overwritten in the file.
  session << "PRAGMA secure_delete = ON";
}

void SqliteDialect::open_file(soci::session& session) {
  if (name_.find('"') != std::string::npos) {
    fail(ErrorKind::kUsage, name_ + ": a store's path cannot contain a double quote",
         "choose another folder");
  }
  std::error_code error;
  if (file_.has_parent_path()) fs::create_directories(file_.parent_path(), error);
  if (error) fail_errno("cannot create " + file_.parent_path().string(), error.value());
  // Created here first so that nobody but the owner can read it.
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno("cannot open " + name_, errno, "check the path and its permissions");
  ::close(fd);
  session.open(soci::sqlite3, "db=\"" + name_ + "\" timeout=10");
  session << "PRAGMA journal_mode = WAL";
  lock_.emplace(name_ + ".lock");
}

void SqliteDialect::set_durability(soci::session& session, Durability durability) {
  session << "PRAGMA synchronous = " << (durability == Durability::kPowerCut ? "FULL" : "NORMAL");
}

std::span<const Migration> SqliteDialect::migrations() const {
  return sqlite_migrations();
}

long long SqliteDialect::version(soci::session& session) {
  long long version = 0;
  session << "PRAGMA user_version", soci::into(version);
  return version;
}

void SqliteDialect::set_version(soci::session& session, long long version) {
  session << "PRAGMA user_version = " << version;
}

void SqliteDialect::run(soci::session& session, const Migration& migration) {
  // Several statements with semicolons inside triggers: only sqlite3_exec splits them.
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session.get_backend());
  const std::string text(migration.statements);
  char* message = nullptr;
  if (sqlite_api::sqlite3_exec(backend->conn_, text.c_str(), nullptr, nullptr, &message) !=
      SQLITE_OK) {
    const std::string why = message ? message : "unknown error";
    sqlite_api::sqlite3_free(message);
    throw soci::soci_error("migration: " + why);
  }
}

void SqliteDialect::begin(soci::session& session) {
  session << "BEGIN IMMEDIATE";
}

void SqliteDialect::rethrow(const soci::soci_error& error) const {
  const std::string what = error.what();
  const auto has = [&](const char* text) { return what.find(text) != std::string::npos; };
  if (has("not a database") || has("malformed")) {
    fail(ErrorKind::kInvalidInput, name_ + ": not a usable database: " + what,
         "move the file away to start with an empty one, or restore a backup");
  }
  if (has("UNIQUE constraint")) {
    fail(ErrorKind::kConflict, "store " + name_ + ": it is there already: " + what);
  }
  fail(ErrorKind::kIo, "store " + name_ + ": " + what,
       has("full")     ? "free some disk space; what was stored before is safe"
       : has("locked") ? "another program holds the database; close it and try again"
                       : "check the file's permissions and the disk");
}

}  // namespace parley::store
