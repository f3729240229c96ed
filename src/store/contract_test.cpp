// What every store must do. Searching is in contract_search_test.cpp, what others may not in
// contract_stranger_test.cpp.
#include <gtest/gtest.h>

#include <thread>

#include "base/error.hpp"
#include "store/contract_fixture.hpp"

namespace parley::store {
namespace contract_test {

class StoreContract : public ContractTest {};
class KeptStoreContract : public ContractTest {};
INSTANTIATE_TEST_SUITE_P(Kinds, StoreContract, ::testing::ValuesIn(store_kinds()), kind_name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, KeptStoreContract, ::testing::ValuesIn(kept_store_kinds()),
                         kind_name_of);

TEST_P(StoreContract, AnExchangeIsReadAsItWasWritten) {
  const std::string thread = new_thread();
  const std::string reply = exchange(thread, "What shall I watch?", "Try “The Lantern Tide” 🎬.");
  const auto found = store_->threads().find(me_, thread);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->title, "What shall I watch?");
  EXPECT_EQ(found->created_ms, 1'800'000'000'000);
  EXPECT_EQ(found->updated_ms, 1'800'000'001'000);
  EXPECT_EQ(found->head_id, reply);
  const auto messages = store_->messages().list(me_, thread);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].role, "user");
  EXPECT_FALSE(messages[0].parent_id);
  EXPECT_EQ(messages[0].thread_id, thread);
  EXPECT_EQ(messages[0].created_ms, 1'800'000'000'000);
  EXPECT_EQ(messages[1].id, reply);
  EXPECT_EQ(messages[1].parent_id, messages[0].id);
  EXPECT_EQ(messages[1].text(), "Try “The Lantern Tide” 🎬.");
  EXPECT_EQ(messages[1].status, MessageStatus::kComplete);
}

TEST_P(StoreContract, PartsOfAnyKindAreKept) {
  message::Parts parts = text_parts("Choose:");
  message::for_each_kind([&](const auto& kind) { parts.push_back(kind); });
  parts.push_back(message::ToolCallPart{"c", "é\n\"", R"({"n": [1, 2.5, null]})"});
  parts.push_back(message::TextPart{"or not"});
  const NewTurn turn = open_turn(new_thread(), "q");
  const std::string id = turn.assistant_message.id;
  ASSERT_TRUE(store_->messages().finish(me_, id, parts, MessageStatus::kLength));
  EXPECT_EQ(message(id)->parts, parts);
  EXPECT_EQ(message(id)->text(), "Choose:\n\nor not");
  EXPECT_EQ(message(id)->status, MessageStatus::kLength);
}

TEST_P(StoreContract, AParticipantIsWhoeverHoldsTheSecret) {
  EXPECT_EQ(store_->participants().find("secret"), me_);
  EXPECT_EQ(store_->participants().ensure("secret"), me_);
  EXPECT_EQ(store_->participants().find("another"), "");
  EXPECT_NE(store_->participants().ensure("another"), me_);
}

TEST_P(StoreContract, AThreadNeedsItsParticipant) {
  try {
    store_->threads().create("par_nobody", "web", "t");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kNotFound);
  }
}

TEST_P(StoreContract, MessagesAreATree) {
  const std::string thread = new_thread();
  const std::string first = exchange(thread, "q1", "a1");
  const std::string second = exchange(thread, "q2", "a2", first);
  const std::string edited = exchange(thread, "q2 edited", "a2 edited", first);
  NewTurn again;  // regenerate: a sibling of `second`
  again.thread_id = thread;
  again.assistant_message = *message(second);
  again.assistant_message.id = new_id("msg", clock_);
  store_->messages().open_turn(me_, again);

  const auto texts = [&](const std::string& leaf) {
    Strings out;
    for (const Message& each : store_->messages().branch(me_, thread, leaf))
      out.push_back(each.text());
    return out;
  };
  EXPECT_EQ(texts(second), (Strings{"q1", "a1", "q2", "a2"}));
  EXPECT_EQ(texts(edited), (Strings{"q1", "a1", "q2 edited", "a2 edited"}));
  EXPECT_EQ(store_->messages().list(me_, thread).size(), 7u);
  EXPECT_EQ(store_->threads().find(me_, thread)->head_id, again.assistant_message.id);
  EXPECT_TRUE(store_->threads().set_head(me_, thread, second));
  EXPECT_EQ(store_->threads().find(me_, thread)->head_id, second);
  EXPECT_FALSE(store_->threads().set_head(me_, thread, "msg_of_nobody"));
}

TEST_P(StoreContract, AThreadHoldsOnlyItsOwnMessages) {
  const std::string thread = new_thread(), other = new_thread("other");
  const std::string reply = exchange(thread, "q", "a");
  EXPECT_FALSE(store_->threads().set_head(me_, other, reply));
  EXPECT_TRUE(store_->messages().branch(me_, other, reply).empty());
  const auto refused = [&](const NewTurn& turn) {
    try {
      store_->messages().open_turn(me_, turn);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::kInternal;
  };
  EXPECT_EQ(refused(new_turn(clock_, other, "q", reply)), ErrorKind::kNotFound);
  NewTurn again = new_turn(clock_, other, "q");
  again.assistant_message.parent_id = *message(reply)->parent_id;
  again.user_message.reset();
  EXPECT_EQ(refused(again), ErrorKind::kNotFound);
  NewTurn twice = new_turn(clock_, other, "q");
  twice.assistant_message.id = reply;
  EXPECT_EQ(refused(twice), ErrorKind::kConflict);
  EXPECT_TRUE(store_->messages().list(me_, other).empty());
  EXPECT_FALSE(store_->threads().find(me_, other)->head_id);
}

TEST_P(StoreContract, ARetractedTurnLeavesNoTrace) {
  const std::string thread = new_thread();
  NewTurn turn = open_turn(thread, "first");
  EXPECT_TRUE(store_->messages().retract_turn(me_, turn));
  EXPECT_TRUE(store_->messages().list(me_, thread).empty());
  EXPECT_EQ(store_->threads().find(me_, thread)->title, "");
  EXPECT_FALSE(store_->threads().find(me_, thread)->head_id);
  EXPECT_FALSE(store_->messages().retract_turn(me_, turn));

  const std::string first = exchange(thread, "kept", "a");
  turn = new_turn(clock_, thread, "second", first);
  turn.previous_head = first;
  store_->messages().open_turn(me_, turn);
  EXPECT_TRUE(store_->messages().retract_turn(me_, turn));
  EXPECT_EQ(store_->messages().list(me_, thread).size(), 2u);
  EXPECT_EQ(store_->threads().find(me_, thread)->title, "kept");
  EXPECT_EQ(store_->threads().find(me_, thread)->head_id, first);
}

TEST_P(StoreContract, APreviewIsTheLastTextOfTheBranch) {
  const auto preview = [&](const std::string& thread) {
    return store_->threads().find(me_, thread)->preview;
  };
  const std::string thread = new_thread();
  EXPECT_EQ(preview(thread), "");
  const NewTurn turn = open_turn(thread, "A question?");
  EXPECT_EQ(preview(thread), "A question?");  // the reply has no word yet
  store_->messages().save_partial(me_, turn.assistant_message.id, text_parts("The beg"));
  EXPECT_EQ(preview(thread), "The beg");
  std::string much;
  for (int i = 0; i < 200; ++i) much += "é";
  store_->messages().finish(me_, turn.assistant_message.id, text_parts(much),
                            MessageStatus::kComplete);
  EXPECT_EQ(preview(thread), much.substr(0, 160 * 2));
  EXPECT_EQ(store_->threads().list(me_, {}).threads[0].preview, much.substr(0, 160 * 2));
}

TEST_P(StoreContract, AReplyThatHasEndedIsNotSavedInPart) {
  const NewTurn turn = open_turn(new_thread(), "q");
  const std::string id = turn.assistant_message.id;
  EXPECT_TRUE(store_->messages().save_partial(me_, id, text_parts("half an ans")));
  EXPECT_EQ(message(id)->text(), "half an ans");
  EXPECT_EQ(message(id)->status, MessageStatus::kStreaming);
  EXPECT_TRUE(
      store_->messages().finish(me_, id, text_parts("half an answer"), MessageStatus::kStopped));
  EXPECT_FALSE(store_->messages().save_partial(me_, id, text_parts("too late")));
  EXPECT_EQ(message(id)->text(), "half an answer");
  EXPECT_EQ(message(id)->status, MessageStatus::kStopped);
}

TEST_P(StoreContract, RemovingAThreadRemovesAllOfItEvenWhenItIsLong) {
  const std::string thread = new_thread();
  std::optional<std::string> parent;
  for (int i = 0; i < 600; ++i) parent = open_turn(thread, "needle", parent).assistant_message.id;
  EXPECT_EQ(store_->messages().branch(me_, thread, *parent).size(), 1200u);
  ASSERT_TRUE(store_->feedback().set(me_, *parent, Feedback{"down", "wrong"}));
  ASSERT_TRUE(store_->threads().remove(me_, thread));
  EXPECT_TRUE(store_->messages().list(me_, thread).empty());
  EXPECT_FALSE(message(*parent));
  EXPECT_TRUE(search("needle").empty());
  EXPECT_FALSE(store_->threads().remove(me_, thread));
  EXPECT_FALSE(store_->messages().save_partial(me_, *parent, text_parts("x")));
  EXPECT_FALSE(store_->messages().finish(me_, *parent, text_parts("x"), MessageStatus::kComplete));
  EXPECT_THROW(open_turn(thread, "q"), Error);
}

TEST_P(StoreContract, FeedbackIsSetReplacedAndTakenBack) {
  const std::string thread = new_thread();
  const std::string reply = exchange(thread, "q", "a");
  EXPECT_FALSE(message(reply)->feedback);
  EXPECT_TRUE(store_->feedback().set(me_, reply, Feedback{"up", {}}));
  EXPECT_EQ(message(reply)->feedback->rating, "up");
  EXPECT_FALSE(message(reply)->feedback->reason);
  EXPECT_TRUE(store_->feedback().set(me_, reply, Feedback{"down", "made up"}));
  EXPECT_EQ(store_->messages().list(me_, thread)[1].feedback->reason, "made up");
  EXPECT_TRUE(store_->feedback().set(me_, reply, std::nullopt));
  EXPECT_FALSE(message(reply)->feedback);
  const std::string question = store_->messages().list(me_, thread)[0].id;
  EXPECT_FALSE(
      store_->feedback().set(me_, question, Feedback{"up", {}}));  // only replies are rated
}

TEST_P(StoreContract, ThreadsOfTheProcessShareIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      const std::string thread = store_->threads().create(me_, "web", "t").id;
      for (int i = 0; i < 10; ++i) {
        const std::string id = open_turn(thread, "q").assistant_message.id;
        store_->messages().save_partial(me_, id, text_parts("a"));
        store_->messages().finish(me_, id, text_parts("ab"), MessageStatus::kComplete);
        EXPECT_FALSE(search("ab").empty());
      }
      EXPECT_EQ(store_->participants().ensure("the same new cookie"),
                store_->participants().ensure("the same new cookie"));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_->threads().list(me_, {}).threads.size(), 4u);
}

TEST_P(KeptStoreContract, IsTheSameWhenOpenedAgain) {
  const std::string thread = new_thread();
  const std::string reply = exchange(thread, "What shall I watch?", "Try “The Lantern Tide” 🎬.");
  ASSERT_TRUE(store_->feedback().set(me_, reply, Feedback{"up", "nice"}));
  reopen();
  EXPECT_EQ(store_->participants().find("secret"), me_);
  const auto found = store_->threads().find(me_, thread);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->title, "What shall I watch?");
  EXPECT_EQ(found->updated_ms, 1'800'000'001'000);
  EXPECT_EQ(found->preview, "Try “The Lantern Tide” 🎬.");
  EXPECT_EQ(store_->messages().list(me_, thread).size(), 2u);
  EXPECT_EQ(message(reply)->feedback->reason, "nice");
}

TEST_P(KeptStoreContract, AReplyCutShortByACrashBecomesInterrupted) {
  const NewTurn turn = open_turn(new_thread(), "q");
  const std::string id = turn.assistant_message.id;
  store_->messages().save_partial(me_, id, text_parts("half an ans"));
  reopen();
  ASSERT_TRUE(message(id));
  EXPECT_EQ(message(id)->status, MessageStatus::kInterrupted);
  EXPECT_EQ(message(id)->text(), "half an ans");
  EXPECT_EQ(search("half"), Strings{"q"});  // and it can be found
  EXPECT_FALSE(store_->messages().save_partial(me_, id, text_parts("too late")));
  EXPECT_EQ(message(id)->text(), "half an ans");
}

TEST_P(KeptStoreContract, ASecondProcessDoesNotInterruptTheFirst) {
  const std::string id = open_turn(new_thread(), "q").assistant_message.id;
  const auto second = open();
  EXPECT_EQ(second->messages().find(me_, id)->status, MessageStatus::kStreaming);
  clock_.advance_ms(60 * 60 * 1000);  // nobody saved for an hour: its process must be dead
  const auto third = open();
  EXPECT_EQ(third->messages().find(me_, id)->status, MessageStatus::kInterrupted);
}

}  // namespace contract_test
}  // namespace parley::store
