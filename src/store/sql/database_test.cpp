// The connection's own promises: what a failed statement leaves behind, and transactions of two
// processes at once.
#include "store/sql/database.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "base/test_support.hpp"
#include "store/sql/sqlite_dialect.hpp"

namespace parley::store {
namespace database_test {

constexpr int kNormal = 1, kFull = 2;  // as PRAGMA synchronous tells them

class DatabaseTest : public ::testing::Test {
 protected:
  static int synchronous(soci::session& sql) {
    int level = -1;
    sql << "PRAGMA synchronous", soci::into(level);
    return level;
  }
  static void count_one(soci::session& sql) {
    long long count = 0;
    sql << "SELECT count(*) FROM participants", soci::into(count);
    const std::string id = std::to_string(count);
    sql << "INSERT INTO participants(id, created_ms) VALUES (:i, 0)", soci::use(id);
  }
  static long long participants(soci::session& sql) {
    long long count = 0;
    sql << "SELECT count(*) FROM participants", soci::into(count);
    return count;
  }

  test::TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "parley.db";
  Database database_{std::make_unique<SqliteDialect>(file_)};
};

TEST_F(DatabaseTest, WorkThatFailsLeavesTheNextOneAsDurableAsEver) {
  EXPECT_EQ(database_.use(synchronous), kFull);
  EXPECT_EQ(database_.use(synchronous, Durability::kCrash), kNormal);
  EXPECT_EQ(database_.use(synchronous), kFull);
  const auto broken = [](soci::session& sql) { sql << "UPDATE no_such_table SET x = 1"; };
  EXPECT_THROW(database_.use(broken, Durability::kCrash), Error);
  EXPECT_EQ(database_.use(synchronous), kFull);
  EXPECT_THROW(database_.use([](soci::session&) { throw std::bad_alloc(); }, Durability::kCrash),
               std::bad_alloc);
  EXPECT_EQ(database_.use(synchronous), kFull);
}

TEST_F(DatabaseTest, ATransactionThatFailsIsUndoneAndTellsItsOwnError) {
  try {
    database_.transact([](soci::session& sql) {
      count_one(sql);
      sql << "ROLLBACK";  // as SQLite itself does when the disk is full
      fail(ErrorKind::kIo, "the real reason");
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "the real reason");
  }
  EXPECT_THROW(database_.transact([](soci::session& sql) {
    count_one(sql);
    sql << "nonsense";
  }),
               Error);
  EXPECT_EQ(database_.use(participants), 0);
}

TEST_F(DatabaseTest, TransactionsThatReadBeforeTheyWriteWaitForEachOther) {
  constexpr int kEach = 40;
  Database other(std::make_unique<SqliteDialect>(file_));
  const auto add = [](Database& to) {
    for (int i = 0; i < kEach; ++i) to.transact(count_one);
  };
  std::thread second([&] { add(other); });
  add(database_);
  second.join();
  EXPECT_EQ(database_.use(participants), 2 * kEach);
}

}  // namespace database_test
}  // namespace parley::store
