// What differs between the databases that the repositories run on: how a connection is opened and
// made durable, the text of the tables, the statements around a transaction, and what errors mean.
// All other SQL in this folder is what SQLite and PostgreSQL both run.
#pragma once

#include <soci/soci.h>

#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace parley::store {

// What a write must outlive: the machine's power, or only this process.
enum class Durability { kPowerCut, kCrash };

// A step of the tables: number i brings a database from version i to i + 1. Steps that have been
// released are never changed.
struct Migration {
  std::string_view statements;
  bool in_transaction = true;  // no: may run twice when a process dies in between
};

// Of one database. Not thread-safe: called by the connection's holder alone.
class Dialect {
 public:
  virtual ~Dialect() = default;

  // How errors call the database.
  virtual const std::string& name() const = 0;

  // Connects and configures `session`. REQUIRES: called once. Errors: kIo, kUsage; soci_error.
  virtual void open(soci::session& session) = 0;
  // Whether no other process had the database open when this one opened it: what then looks busy
  // was left behind by a crash.
  virtual bool was_alone() const = 0;
  virtual void set_durability(soci::session& session, Durability durability) = 0;

  virtual std::span<const Migration> migrations() const = 0;
  virtual long long version(soci::session& session) = 0;  // how many of them it has seen
  virtual void set_version(soci::session& session, long long version) = 0;
  virtual void run(soci::session& session, const Migration& migration) = 0;

  // Begins a transaction that holds the right to write from its first statement on: one that has
  // read and then finds that another process wrote meanwhile would fail at once, without waiting.
  virtual void begin(soci::session& session) = 0;

  // Throws what went wrong in Parley's words. Errors: kInvalidInput (not a database), kConflict (a
  // row that is there already), kIo.
  [[noreturn]] virtual void rethrow(const soci::soci_error& error) const = 0;
};

}  // namespace parley::store
