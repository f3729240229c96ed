// Databases that earlier versions left behind are opened, with all that was in them and nothing
// that is to be gone.
#include "store/sql/sqlite_migrations.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "base/sha256.hpp"
#include "base/test_support.hpp"
#include "store/sql/sqlite_dialect.hpp"
#include "store/store.hpp"

namespace parley::store {
namespace sqlite_migrations_test {

// What version 1 wrote for one exchange, rated, under a title; `text` is what `parts` says.
// Another thread was deleted, and the reply was saved in part before it was whole.
constexpr std::string_view kWrittenByVersion1 = R"sql(
INSERT INTO participants VALUES ('par_1', 1800000000000);
INSERT INTO identities VALUES ('cookie', 'SECRET', 'par_1', 1800000000000);
INSERT INTO conversations VALUES ('con_1', 'par_1', 'web', 1800000000000);
INSERT INTO threads VALUES (1, 'thr_1', 'con_1', 'par_1', 'titleword', 1800000000000, 1800000001000, 'msg_2');
INSERT INTO threads VALUES (2, 'thr_2', 'con_1', 'par_1', 'goneword', 1800000000000, 1800000001000, NULL);
INSERT INTO messages VALUES (1, 'msg_1', 'thr_1', NULL, 'user', '[{"type":"text","text":"askword"}]', 'askword',
  1800000000000, 1800000000000, 'complete');
INSERT INTO messages VALUES (2, 'msg_2', 'thr_1', 'msg_1', 'assistant', '[{"type":"text","text":"part"}]', 'part',
  1800000000000, 1800000000000, 'streaming');
INSERT INTO messages VALUES (3, 'msg_3', 'thr_2', NULL, 'user', '[{"type":"text","text":"goneword"}]', 'goneword',
  1800000000000, 1800000000000, 'complete');
DELETE FROM threads WHERE id = 'thr_2';
UPDATE messages SET text = 'replyword', parts = '[{"type":"text","text":"replyword"}]', status = 'complete',
  saved_ms = 1800000001000 WHERE id = 'msg_2';
INSERT INTO feedback VALUES ('msg_2', 'up', 'nice', 1800000002000);
)sql";

class MigrationsTest : public ::testing::TestWithParam<long long> {
 protected:
  MigrationsTest() {
    std::string data(kWrittenByVersion1);
    data.replace(data.find("SECRET"), 6, sha256_hex("secret"));
    SqliteDialect dialect(file_);
    soci::session session;
    dialect.open(session);
    session << "PRAGMA secure_delete = OFF";  // as that version had it
    for (long long step = 0; step < GetParam(); ++step) {
      dialect.run(session, dialect.migrations()[static_cast<std::size_t>(step)]);
      if (step == 0) dialect.run(session, {data});
    }
    dialect.set_version(session, GetParam());
  }

  // How often the database holds `word`, in the file or its log.
  int count(const std::string& word) const {
    std::string all;
    for (const char* suffix : {"", "-wal"}) {
      std::ifstream in(file_.string() + suffix, std::ios::binary);
      all.append(std::istreambuf_iterator<char>(in), {});
    }
    int found = 0;
    for (auto at = all.find(word); at != std::string::npos; at = all.find(word, at + 1)) ++found;
    return found;
  }

  test::TempDir folder_;
  std::filesystem::path file_ = folder_.path() / "parley.db";
};

INSTANTIATE_TEST_SUITE_P(FromVersion, MigrationsTest,
                         ::testing::Range(1LL, static_cast<long long>(sqlite_migrations().size())));

TEST_P(MigrationsTest, KeepAllThatWasSaid) {
  const auto store = open_store(file_);
  const std::string me = store->participants().find("secret");
  ASSERT_EQ(me, "par_1");
  const auto threads = store->threads().list(me, {}).threads;
  ASSERT_EQ(threads.size(), 1u);
  EXPECT_EQ(threads[0].title, "titleword");
  EXPECT_EQ(threads[0].preview, "replyword");
  EXPECT_EQ(threads[0].updated_ms, 1'800'000'001'000);
  const auto messages = store->messages().list(me, "thr_1");
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].text(), "askword");
  EXPECT_EQ(messages[1].text(), "replyword");
  EXPECT_EQ(messages[1].parent_id, "msg_1");
  EXPECT_EQ(messages[1].feedback->reason, "nice");
  ThreadQuery query;
  for (const char* word : {"titleword", "ask", "REPLY"}) {
    query.search = word;
    EXPECT_EQ(store->threads().list(me, query).threads.size(), 1u) << word;
  }
  EXPECT_TRUE(store->threads().rename(me, "thr_1", "new"));  // no trigger is left that would fail
  EXPECT_TRUE(store->threads().remove(me, "thr_1"));
}

TEST_P(MigrationsTest, LeaveEveryWordOnceAndNoneThatWasDeleted) {
  if (GetParam() == 1) {
    EXPECT_GT(count("askword"), 1);
    EXPECT_GT(count("replyword"), 1);
    EXPECT_GT(count("titleword"), 1);
    EXPECT_GT(count("goneword"), 0);
  }
  auto store = open_store(file_);
  for (const bool closed : {false, true}) {
    EXPECT_EQ(count("askword"), 1) << closed;
    EXPECT_EQ(count("replyword"), 1) << closed;
    EXPECT_EQ(count("titleword"), 1) << closed;
    EXPECT_EQ(count("goneword"), 0) << closed;
    store.reset();
  }
}

TEST(Migrations, ADatabaseOfANewerParleyIsRefused) {
  const test::TempDir folder;
  const auto file = folder.path() / "parley.db";
  open_store(file);
  {
    SqliteDialect dialect(file);
    soci::session session;
    dialect.open(session);
    dialect.set_version(session, 99);
  }
  try {
    open_store(file);
    FAIL() << "opened";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kInvalidInput);
    EXPECT_NE(error.message().find("newer Parley (schema 99"), std::string::npos);
  }
}

}  // namespace sqlite_migrations_test
}  // namespace parley::store
