// What a store in a SQLite file promises beyond the contract: who may read the file, what is in it,
// and what is told when it is none.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "base/error.hpp"
#include "base/test_support.hpp"
#include "store/contract_fixture.hpp"
#include "store/sql/database.hpp"
#include "store/sql/sqlite_dialect.hpp"
#include "store/store.hpp"

namespace parley::store {
namespace sqlite_store_test {

class SqliteStoreTest : public ::testing::Test {
 protected:
  // All bytes of the database: the file and its log.
  std::string bytes() const {
    std::string all;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream in(file_.string() + suffix, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    return all;
  }

  test::TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "some folder" / "parley.db";
  ManualClock clock_{1'800'000'000'000};
  std::unique_ptr<Store> store_ = open_store(file_, clock_);
  std::string me_ = store_->participants().ensure("open sesame, a secret nobody may read");
};

TEST_F(SqliteStoreTest, KeepsOnlyTheHashOfTheSecretAndIsReadByItsOwnerOnly) {
  store_.reset();
  EXPECT_EQ(bytes().find("open sesame"), std::string::npos);
  struct stat info{};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SqliteStoreTest, WhatIsRemovedLeavesTheFile) {
  const std::string thread = store_->threads().create(me_, "web", "").id;
  store_->messages().open_turn(me_, new_turn(clock_, thread, "quartzword"));
  store_.reset();
  EXPECT_NE(bytes().find("quartzword"), std::string::npos);
  store_ = open_store(file_, clock_);
  ASSERT_TRUE(store_->threads().remove(me_, thread));
  store_.reset();
  EXPECT_EQ(bytes().find("quartzword"), std::string::npos);
}

TEST_F(SqliteStoreTest, APartialSaveThatFailsIsToldAndTheReplyGoesOn) {
  const std::string thread = store_->threads().create(me_, "web", "").id;
  const NewTurn turn = new_turn(clock_, thread, "Question?");
  const std::string& id = turn.assistant_message.id;
  store_->messages().open_turn(me_, turn);
  Database other(std::make_unique<SqliteDialect>(file_));
  other.use([](soci::session& sql) {
    sql << "CREATE TRIGGER refuse BEFORE UPDATE OF saved_ms ON messages BEGIN "
           "SELECT RAISE(ABORT, 'refused'); END";
  });
  EXPECT_THROW(store_->messages().save_partial(me_, id, text_parts("Ans")), Error);
  other.use([](soci::session& sql) { sql << "DROP TRIGGER refuse"; });
  EXPECT_TRUE(store_->messages().save_partial(me_, id, text_parts("Answ")));
  EXPECT_TRUE(store_->messages().finish(me_, id, text_parts("Answer"), MessageStatus::kComplete));
  EXPECT_EQ(store_->messages().find(me_, id)->text(), "Answer");
}

TEST_F(SqliteStoreTest, NamesAFileThatIsNoDatabase) {
  const auto bad = folder_.path() / "bad.db";
  std::ofstream(bad) << std::string(8192, 'x');
  try {
    open_store(bad, clock_);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidInput);
    EXPECT_NE(error.message().find("bad.db"), std::string::npos);
  }
}

}  // namespace sqlite_store_test
}  // namespace parley::store
