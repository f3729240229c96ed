#include "store/sql/sql_store.hpp"

#include <limits>
#include <utility>

#include "store/sql/sqlite_dialect.hpp"

namespace parley::store {
namespace {

// A reply nobody has saved for this long while other processes have the database open belongs to
// one that died.
constexpr std::int64_t kStaleMs = 10 * 60 * 1000;

}  // namespace

SqlStore::SqlStore(std::unique_ptr<Dialect> dialect, const Clock& clock)
    : database_(std::move(dialect)),
      participants_(database_, clock),
      threads_(database_, clock),
      messages_(database_, clock),
      feedback_(database_, clock) {
  messages_.interrupt_replies_saved_before(
      database_.was_alone() ? std::numeric_limits<std::int64_t>::max() : clock.now_ms() - kStaleMs);
}

std::unique_ptr<Store> open_store(const std::filesystem::path& file, const Clock& clock) {
  return std::make_unique<SqlStore>(std::make_unique<SqliteDialect>(file), clock);
}

std::unique_ptr<Store> open_memory_store(const Clock& clock) {
  return open_store(std::filesystem::path(), clock);
}

}  // namespace parley::store
