#include "store/sql/database.hpp"

#include <string>
#include <utility>

namespace parley::store {

WriteTransaction::WriteTransaction(soci::session& session, Dialect& dialect) : session_(session) {
  dialect.begin(session_);
}

WriteTransaction::~WriteTransaction() {
  if (!open_) return;
  try {
    session_ << "ROLLBACK";
  } catch (
      const soci::soci_error&) {  // the database has rolled back already, after a full disk say
  }
}

void WriteTransaction::commit() {
  session_ << "COMMIT";
  open_ = false;
}

Database::Database(std::unique_ptr<Dialect> dialect) : dialect_(std::move(dialect)) {
  try {
    dialect_->open(session_);
    set_durability(Durability::kPowerCut);
    migrate();
  } catch (const soci::soci_error& error) {
    dialect_->rethrow(error);
  }
}

void Database::set_durability(Durability durability) {
  if (durability_ == durability) return;
  dialect_->set_durability(session_, durability);
  durability_ = durability;
}

void Database::migrate() {
  const auto steps = dialect_->migrations();
  const auto known = static_cast<long long>(steps.size());
  long long version = dialect_->version(session_);
  if (version > known) {
    fail(ErrorKind::kInvalidInput,
         dialect_->name() + ": made by a newer Parley (schema " + std::to_string(version) +
             ", this one knows " + std::to_string(known) + ")",
         "update Parley");
  }
  for (; version < known; version = dialect_->version(session_)) {
    const Migration& step = steps[static_cast<std::size_t>(version)];
    if (!step.in_transaction) dialect_->run(session_, step);
    // Two processes that start together migrate one after the other: by now the other one may have
    // done this step.
    WriteTransaction transaction(session_, *dialect_);
    if (dialect_->version(session_) == version) {
      if (step.in_transaction) dialect_->run(session_, step);
      dialect_->set_version(session_, version + 1);
    }
    transaction.commit();
  }
}

}  // namespace parley::store
