#include "store/store.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "base/error.hpp"
#include "base/id.hpp"
#include "base/test_support.hpp"
#include "store/database.hpp"
#include "store/search_query.hpp"

namespace parley::store {
namespace {

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() : file_(folder_.path() / "some folder" / "parley.db") { reopen(); }

  void reopen() {
    store_.reset();
    store_ = open_store(file_, clock_);
  }

  // One exchange under `parent`; gives the assistant message's id.
  std::string exchange(const std::string& thread, const std::string& question,
                       const std::string& answer, const std::optional<std::string>& parent = {}) {
    NewTurn turn = new_turn(thread, question, parent);
    store_->open_turn(turn);
    clock_.advance_ms(1000);
    store_->finish_message(turn.assistant_message.id, text_parts(answer), MessageStatus::kComplete);
    return turn.assistant_message.id;
  }

  NewTurn new_turn(const std::string& thread, const std::string& question,
                   const std::optional<std::string>& parent = {}) {
    NewTurn turn;
    turn.thread_id = thread;
    turn.title = question;
    turn.user_message.emplace();
    turn.user_message->id = new_id("msg", clock_);
    turn.user_message->thread_id = thread;
    turn.user_message->parent_id = parent;
    turn.user_message->role = "user";
    turn.user_message->parts = text_parts(question);
    turn.user_message->created_ms = clock_.now_ms();
    turn.assistant_message = *turn.user_message;
    turn.assistant_message.id = new_id("msg", clock_);
    turn.assistant_message.parent_id = turn.user_message->id;
    turn.assistant_message.role = "assistant";
    turn.assistant_message.parts = text_parts("");
    turn.assistant_message.status = MessageStatus::kStreaming;
    return turn;
  }

  std::vector<std::string> titles(const std::string& participant, const ThreadQuery& query = {}) {
    std::vector<std::string> out;
    for (const Thread& thread : store_->list_threads(participant, query).threads)
      out.push_back(thread.title);
    return out;
  }

  static ThreadQuery search(const std::string& words) {
    ThreadQuery query;
    query.search = words;
    return query;
  }

  test::TempDir folder_;
  std::filesystem::path file_;
  ManualClock clock_{1'800'000'000'000};  // past 2^32 ms, so that a cut to 32 bits shows
  std::unique_ptr<Store> store_;
};

using Strings = std::vector<std::string>;

TEST_F(StoreTest, KeepsThreadsAndTimesAcrossReopening) {
  const std::string me = store_->ensure_participant("secret");
  const Thread thread = store_->create_thread(me, "web", "");
  exchange(thread.id, "What shall I watch?", "Try “The Lantern Tide” 🎬.");
  reopen();
  EXPECT_EQ(store_->find_participant("secret"), me);
  const auto found = store_->find_thread(me, thread.id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->title, "What shall I watch?");
  EXPECT_EQ(found->created_ms, 1'800'000'000'000);
  EXPECT_EQ(found->updated_ms, 1'800'000'001'000);
  EXPECT_EQ(found->preview, "Try “The Lantern Tide” 🎬.");
  const auto messages = store_->list_messages(thread.id);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, "user");
  EXPECT_FALSE(messages[0].parent_id);
  EXPECT_EQ(messages[0].created_ms, 1'800'000'000'000);
  EXPECT_EQ(messages[1].parent_id, messages[0].id);
  EXPECT_EQ(messages[1].text(), "Try “The Lantern Tide” 🎬.");
  EXPECT_EQ(messages[1].status, MessageStatus::kComplete);
  EXPECT_EQ(found->head_id, messages[1].id);
}

TEST_F(StoreTest, StoresOnlyTheHashOfTheSecret) {
  store_->ensure_participant("open sesame, a secret nobody may read");
  store_.reset();
  for (const char* suffix : {"", "-wal"}) {
    std::ifstream in(file_.string() + suffix, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    EXPECT_EQ(bytes.find("open sesame"), std::string::npos);
  }
  struct stat info{};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(StoreTest, AParticipantSeesOnlyItsOwn) {
  const std::string me = store_->ensure_participant("mine"),
                    other = store_->ensure_participant("theirs");
  ASSERT_NE(me, other);
  const Thread thread = store_->create_thread(me, "web", "Private");
  const std::string reply = exchange(thread.id, "q", "a");
  EXPECT_FALSE(store_->find_thread(other, thread.id));
  EXPECT_FALSE(store_->rename_thread(other, thread.id, "x"));
  EXPECT_FALSE(store_->set_head(other, thread.id, reply));
  EXPECT_FALSE(store_->delete_thread(other, thread.id));
  EXPECT_FALSE(store_->find_message(other, reply));
  EXPECT_FALSE(store_->set_feedback(other, reply, Feedback{"up", {}}));
  EXPECT_TRUE(titles(other).empty());
  EXPECT_EQ(titles(me), Strings{"Private"});
  EXPECT_TRUE(store_->find_message(me, reply));
}

TEST_F(StoreTest, MessagesAreATree) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  const std::string first = exchange(thread.id, "q1", "a1");
  const std::string second = exchange(thread.id, "q2", "a2", first);
  const std::string edited = exchange(thread.id, "q2 edited", "a2 edited", first);
  NewTurn again;  // regenerate: a sibling of `second`
  again.thread_id = thread.id;
  again.assistant_message = *store_->find_message(me, second);
  again.assistant_message.id = new_id("msg", clock_);
  store_->open_turn(again);

  const auto texts = [&](const std::string& leaf) {
    Strings out;
    for (const Message& message : store_->branch(thread.id, leaf)) out.push_back(message.text());
    return out;
  };
  EXPECT_EQ(texts(second), (Strings{"q1", "a1", "q2", "a2"}));
  EXPECT_EQ(texts(edited), (Strings{"q1", "a1", "q2 edited", "a2 edited"}));
  EXPECT_EQ(store_->list_messages(thread.id).size(), 7u);
  EXPECT_EQ(store_->find_thread(me, thread.id)->head_id, again.assistant_message.id);
  EXPECT_TRUE(store_->set_head(me, thread.id, second));
  EXPECT_EQ(store_->find_thread(me, thread.id)->head_id, second);
  EXPECT_FALSE(store_->set_head(me, thread.id, "msg_of_nobody"));
}

TEST_F(StoreTest, ARetractedTurnLeavesNoTrace) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  NewTurn turn = new_turn(thread.id, "first");
  store_->open_turn(turn);
  store_->retract_turn(turn);
  EXPECT_TRUE(store_->list_messages(thread.id).empty());
  EXPECT_EQ(store_->find_thread(me, thread.id)->title, "");
  EXPECT_FALSE(store_->find_thread(me, thread.id)->head_id);

  const std::string first = exchange(thread.id, "kept", "a");
  turn = new_turn(thread.id, "second", first);
  turn.previous_head = first;
  store_->open_turn(turn);
  store_->retract_turn(turn);
  EXPECT_EQ(store_->list_messages(thread.id).size(), 2u);
  EXPECT_EQ(store_->find_thread(me, thread.id)->title, "kept");
  EXPECT_EQ(store_->find_thread(me, thread.id)->head_id, first);
}

TEST_F(StoreTest, AReplyCutShortByACrashBecomesInterrupted) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  const NewTurn turn = new_turn(thread.id, "q");
  store_->open_turn(turn);
  store_->save_partial(turn.assistant_message.id, "half an ans");
  reopen();
  const auto message = store_->find_message(me, turn.assistant_message.id);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->status, MessageStatus::kInterrupted);
  EXPECT_EQ(message->text(), "half an ans");
  EXPECT_EQ(titles(me, search("half")), Strings{"q"});  // and it can be found
  store_->save_partial(turn.assistant_message.id, "too late");
  EXPECT_EQ(store_->find_message(me, turn.assistant_message.id)->text(), "half an ans");
}

TEST_F(StoreTest, APartialSaveThatFailsIsToldAndTheReplyGoesOn) {
  const std::string me = store_->ensure_participant("secret");
  const std::string thread = store_->create_thread(me, "web", "").id;
  const NewTurn turn = new_turn(thread, "Question?");
  store_->open_turn(turn);
  Database other(file_);
  other.use([](soci::session& sql) {
    sql << "CREATE TRIGGER refuse BEFORE UPDATE OF saved_ms ON messages BEGIN "
           "SELECT RAISE(ABORT, 'refused'); END";
  });
  EXPECT_THROW(store_->save_partial(turn.assistant_message.id, "Ans"), Error);
  other.use([](soci::session& sql) { sql << "DROP TRIGGER refuse"; });
  store_->save_partial(turn.assistant_message.id, "Answ");
  store_->finish_message(turn.assistant_message.id, text_parts("Answer"), MessageStatus::kComplete);
  EXPECT_EQ(store_->find_message(me, turn.assistant_message.id)->text(), "Answer");
}

TEST_F(StoreTest, ASecondProcessDoesNotInterruptTheFirst) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  const NewTurn turn = new_turn(thread.id, "q");
  store_->open_turn(turn);
  const auto second = open_store(file_, clock_);
  EXPECT_EQ(second->find_message(me, turn.assistant_message.id)->status, MessageStatus::kStreaming);
  clock_.advance_ms(60 * 60 * 1000);  // nobody saved for an hour: its process must be dead
  const auto third = open_store(file_, clock_);
  EXPECT_EQ(third->find_message(me, turn.assistant_message.id)->status,
            MessageStatus::kInterrupted);
}

TEST_F(StoreTest, DeletingAThreadDeletesAllOfItEvenWhenItIsLong) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  std::optional<std::string> parent;
  for (int i = 0; i < 600; ++i) parent = exchange(thread.id, "q", "needle", parent);
  EXPECT_EQ(store_->branch(thread.id, *parent).size(), 1200u);
  ASSERT_TRUE(store_->set_feedback(me, *parent, Feedback{"down", "wrong"}));
  ASSERT_TRUE(store_->delete_thread(me, thread.id));
  EXPECT_TRUE(store_->list_messages(thread.id).empty());
  EXPECT_TRUE(titles(me, search("needle")).empty());
  EXPECT_FALSE(store_->delete_thread(me, thread.id));
  EXPECT_THROW(store_->open_turn(new_turn(thread.id, "q")), Error);
}

TEST_F(StoreTest, FeedbackIsSetReplacedAndTakenBack) {
  const std::string me = store_->ensure_participant("s");
  const Thread thread = store_->create_thread(me, "web", "");
  const std::string reply = exchange(thread.id, "q", "a");
  EXPECT_FALSE(store_->find_message(me, reply)->feedback);
  EXPECT_TRUE(store_->set_feedback(me, reply, Feedback{"up", {}}));
  EXPECT_EQ(store_->find_message(me, reply)->feedback->rating, "up");
  EXPECT_FALSE(store_->find_message(me, reply)->feedback->reason);
  EXPECT_TRUE(store_->set_feedback(me, reply, Feedback{"down", "made up"}));
  EXPECT_EQ(store_->list_messages(thread.id)[1].feedback->reason, "made up");
  EXPECT_TRUE(store_->set_feedback(me, reply, std::nullopt));
  EXPECT_FALSE(store_->find_message(me, reply)->feedback);
  const std::string question = store_->list_messages(thread.id)[0].id;
  EXPECT_FALSE(store_->set_feedback(me, question, Feedback{"up", {}}));  // only replies are rated
}

TEST_F(StoreTest, ListsByUseInPages) {
  const std::string me = store_->ensure_participant("s");
  Strings expected;
  for (int i = 0; i < 7; ++i) {
    store_->create_thread(me, "web", "t" + std::to_string(i));
    expected.insert(expected.begin(), "t" + std::to_string(i));
    if (i % 2 == 0) clock_.advance_ms(5);  // some share a time
  }
  Strings seen;
  ThreadQuery query;
  query.limit = 3;
  for (;;) {
    const ThreadPage page = store_->list_threads(me, query);
    for (const Thread& thread : page.threads) seen.push_back(thread.title);
    if (!page.more) break;
    query.before = page.threads.back().id;
  }
  std::sort(seen.begin(), seen.end());
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(seen, expected);  // each exactly once
  EXPECT_EQ(titles(me).front(), "t6");
}

TEST_F(StoreTest, SearchesTitlesAndText) {
  const std::string me = store_->ensure_participant("s");
  const Thread a = store_->create_thread(me, "web", ""), b = store_->create_thread(me, "web", ""),
               c = store_->create_thread(me, "web", "");
  exchange(a.id, "A quiet film about the sea", "“Harbour Café” is lovely.");
  exchange(b.id, "My password", "Open the account page and choose reset.");
  exchange(c.id, "静かな映画を教えて", "「灯台の夜」はいかがですか。");
  EXPECT_EQ(titles(me, search("harb")), Strings{"A quiet film about the sea"});  // prefix
  EXPECT_EQ(titles(me, search("CAFE harbour")), Strings{"A quiet film about the sea"});
  EXPECT_EQ(titles(me, search("reset account")), Strings{"My password"});
  EXPECT_EQ(titles(me, search("password")), Strings{"My password"});
  EXPECT_EQ(titles(me, search("灯台")), Strings{"静かな映画を教えて"});
  EXPECT_TRUE(titles(me, search("password harbour")).empty());
  EXPECT_EQ(titles(me, search("“harbour”")).size(), 1u);
  ASSERT_TRUE(store_->rename_thread(me, b.id, "Sign-in trouble"));
  EXPECT_EQ(titles(me, search("trouble")), Strings{"Sign-in trouble"});
}

RC_GTEST_FIXTURE_PROP(StoreTest, AnySearchTextIsSafe, (const std::string& typed)) {
  const std::string me = store_->ensure_participant("s");
  exchange(store_->create_thread(me, "web", "").id, "hello", "world");
  store_->list_threads(me, search(typed));
  store_->list_threads(me, search("\"" + typed + "* OR NEAR("));
}

TEST_F(StoreTest, ThreadsOfTheProcessShareIt) {
  const std::string me = store_->ensure_participant("s");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const Thread thread = store_->create_thread(me, "web", "t");
      for (int i = 0; i < 10; ++i) {
        const NewTurn turn = new_turn(thread.id, "q");
        store_->open_turn(turn);
        store_->save_partial(turn.assistant_message.id, "a");
        store_->finish_message(turn.assistant_message.id, text_parts("ab"),
                               MessageStatus::kComplete);
      }
      EXPECT_EQ(store_->ensure_participant("the same new cookie"),
                store_->ensure_participant("the same new cookie"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->list_threads(me, {}).threads.size(), 4u);
}

TEST_F(StoreTest, NamesAFileThatIsNoDatabase) {
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

TEST(MemoryStore, Works) {
  const auto store = open_memory_store();
  const std::string me = store->ensure_participant("s");
  EXPECT_FALSE(store->create_thread(me, "web", "t").id.empty());
}

TEST(SearchQuery, QuotesEveryWord) {
  EXPECT_EQ(make_search_query("two  words").match, "\"two\"* \"words\"*");
  EXPECT_EQ(make_search_query("a\"b OR c*").match, "\"a\"* \"b\"* \"OR\"* \"c\"*");
  EXPECT_EQ(make_search_query("50% _\\").like, "%50\\% \\_\\\\%");
  EXPECT_EQ(make_search_query("?!").match, "");
  EXPECT_EQ(make_search_query("映画").match, "");
  EXPECT_NE(make_search_query("café").match, "");
}

}  // namespace
}  // namespace parley::store
