#include "chat/assistant.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "chat/model/scripted_model.hpp"
#include "message/plain_text.hpp"

namespace parley::chat {
namespace assistant_test {

using store::MessageStatus;
using ::testing::ElementsAre;

// Collects what a turn reports; wait() gives the finished turn's account.
class Listener : public TurnListener {
 public:
  struct Account {
    bool accepted = false;
    message::Parts parts;
    std::string text;
    std::string status;
    std::string error;
    ErrorKind kind = ErrorKind::kInternal;
    std::string message_id, user_id;
    int reply_tokens = 0;
  };
  void accepted(const Turn&) override {
    account_.accepted = true;
    accepted_.set_value();
  }
  void said(const Turn&, const message::PartEvents& events) override {
    for (const message::PartEvent& event : events) message::apply_event(event, account_.parts);
    account_.text = message::plain_text(account_.parts);
  }
  void ended(const Turn& turn, const Error* error) override {
    account_.status = store::status_name(turn.status);
    account_.reply_tokens = turn.reply_tokens;
    if (turn.place) {
      account_.message_id = turn.place->assistant_message.id;
      account_.user_id = turn.place->assistant_message.parent_id.value_or("");
    }
    if (error) {
      account_.error = error->message();
      account_.kind = error->kind();
    }
    done_.set_value(account_);
  }
  Account wait() { return done_.get_future().get(); }
  void wait_accepted() { accepted_.get_future().wait(); }

 private:
  Account account_;
  std::promise<void> accepted_;
  std::promise<Account> done_;
};

class AssistantTest : public ::testing::Test {
 protected:
  AssistantTest() {
    persona_.system_prompt = "Be kind.";
    make(ScriptedModel::Options{});
    me_ = store_->participants().ensure("secret");
    thread_ = store_->threads().create(me_, "web", "").id;
  }
  void make(ScriptedModel::Options options) {
    assistant_.reset();
    model_ = std::make_unique<ScriptedModel>(options);
    assistant_ =
        std::make_unique<Assistant>(*model_, *store_, persona_, settings_,
                                    talking_pipeline(*model_, *store_, persona_.system_prompt));
  }
  TurnInput says(const std::string& text) const {
    TurnInput input;
    input.participant = me_;
    input.thread_id = thread_;
    input.text = text;
    input.settings = settings_;
    return input;
  }
  Listener::Account run(TurnInput input) {
    auto listener = std::make_shared<Listener>();
    assistant_->start(std::move(input), listener);
    return listener->wait();
  }
  std::vector<std::string> last_prompt() const {
    std::vector<std::string> out;
    const auto seen = model_->seen();
    for (const auto& message : seen.back().messages)
      out.push_back(message.role + ": " + message.content);
    return out;
  }

  static ReplySettings long_replies() {
    ReplySettings settings;
    settings.max_tokens = 1'000'000;
    return settings;
  }

  Persona persona_;
  const ReplySettings settings_ = long_replies();
  std::unique_ptr<store::Store> store_ = store::open_memory_store();
  std::unique_ptr<ScriptedModel> model_;
  std::unique_ptr<Assistant> assistant_;
  std::string me_, thread_;
};

TEST_F(AssistantTest, ATurnIsAnsweredAndRecorded) {
  const auto turn = run(says("  Hello there \r\n"));
  EXPECT_EQ(turn.error, "");
  EXPECT_TRUE(turn.accepted);
  EXPECT_EQ(turn.text, "You said: Hello there");
  EXPECT_EQ(turn.status, "complete");
  EXPECT_EQ(turn.reply_tokens, 3);
  const auto messages = store_->messages().list(me_, thread_);
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[0].text(), "Hello there");
  EXPECT_EQ(messages[1].text(), "You said: Hello there");
  EXPECT_EQ(messages[1].status, MessageStatus::kComplete);
  EXPECT_EQ(store_->threads().find(me_, thread_)->title, "Hello there");
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: Hello there"));
}

TEST_F(AssistantTest, TheModelReadsTheBranchItAnswers) {
  const auto first = run(says("one"));
  run(says("two"));
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: one",
                                         "assistant: You said: one", "user: two"));

  TurnInput edited = says("two, edited");
  edited.under_head = false;
  edited.parent_id = first.message_id;
  run(edited);
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: one",
                                         "assistant: You said: one", "user: two, edited"));

  TurnInput restart = says("one, edited");
  restart.under_head = false;
  const auto root = run(restart);
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: one, edited"));

  TurnInput again = says("");
  again.regenerate = root.message_id;
  const auto other = run(again);
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: one, edited"));
  EXPECT_NE(other.message_id, root.message_id);
  EXPECT_EQ(other.user_id, root.user_id);
  EXPECT_EQ(store_->threads().find(me_, thread_)->head_id, other.message_id);

  TurnInput reply_to = says("");
  reply_to.reply_to = root.user_id;
  EXPECT_EQ(run(reply_to).user_id, root.user_id);
}

TEST_F(AssistantTest, ANoticeSaysWhatTheModelDidNotRead) {
  make({.max_concurrent = 4, .max_queue = 256, .step = {}, .style = {}, .most_messages = 3});
  EXPECT_EQ(run(says("one")).parts.size(), 1u);
  EXPECT_EQ(run(says("two")).parts.size(), 1u);
  const auto third = run(says("three"));
  ASSERT_EQ(third.parts.size(), 2u);
  const auto* notice = std::get_if<message::NoticePart>(&third.parts[0]);
  ASSERT_NE(notice, nullptr);
  EXPECT_EQ(notice->code, "history_left_out");
  EXPECT_NE(notice->text.find("first 2 messages"), std::string::npos) << notice->text;
  EXPECT_EQ(third.text, "You said: three");
  EXPECT_EQ(store_->messages().list(me_, thread_).back().parts, third.parts);
  run(says("four"));
  EXPECT_EQ(last_prompt().size(), 8u) << "a notice is nothing that anybody said";
}

TEST_F(AssistantTest, NothingIsLeftOutOfAConversationThatTheCallerKeeps) {
  make({.max_concurrent = 4, .max_queue = 256, .step = {}, .style = {}, .most_messages = 3});
  TurnInput input;
  input.participant = me_;
  for (int i = 0; i < 5; ++i) input.messages.push_back({i % 2 ? "assistant" : "user", "x"});
  input.settings = settings_;
  EXPECT_EQ(run(input).kind, ErrorKind::kContextLength);
}

TEST_F(AssistantTest, EveryReplyDrawsItsSeed) {
  run(says("a"));
  run(says("b"));
  EXPECT_NE(model_->seen()[0].sampling.seed, model_->seen()[1].sampling.seed);
  TurnInput fixed = says("c");
  fixed.settings.random_seed = false;
  fixed.settings.sampling.seed = 17;
  run(fixed);
  EXPECT_EQ(model_->seen()[2].sampling.seed, 17u);
}

TEST_F(AssistantTest, StoppingKeepsTheTextSoFar) {
  make({.max_concurrent = 4, .max_queue = 256, .step = std::chrono::milliseconds(1)});
  auto listener = std::make_shared<Listener>();
  assistant_->start(says("count 100000"), listener);
  while (model_->stats().reply_tokens < 5) std::this_thread::yield();
  assistant_->stop_thread(thread_, StopCause::kParticipant);
  const auto turn = listener->wait();
  EXPECT_EQ(turn.status, "stopped");
  EXPECT_TRUE(turn.text.starts_with("1 2 3 4"));
  EXPECT_EQ(store_->messages().list(me_, thread_)[1].text(), turn.text);
  EXPECT_EQ(model_->stats().cancelled, 1u);
}

TEST_F(AssistantTest, ANewMessageInterruptsTheReplyInItsThread) {
  model_->hold(true);
  auto first = std::make_shared<Listener>();
  assistant_->start(says("count 3"), first);
  first->wait_accepted();
  auto second = std::make_shared<Listener>();
  assistant_->start(says("never mind"), second);
  EXPECT_EQ(first->wait().status, "stopped");
  model_->hold(false);
  EXPECT_EQ(second->wait().text, "You said: never mind");
  // The stopped reply had no text: the model is not shown half an exchange.
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: never mind"));
}

TEST_F(AssistantTest, ShuttingDownMarksRepliesInterrupted) {
  model_->hold(true);
  auto listener = std::make_shared<Listener>();
  assistant_->start(says("count 3"), listener);
  listener->wait_accepted();
  EXPECT_EQ(assistant_->running(), 1);
  assistant_.reset();
  EXPECT_EQ(listener->wait().status, "interrupted");
  EXPECT_EQ(store_->messages().list(me_, thread_)[1].status, MessageStatus::kInterrupted);
}

TEST_F(AssistantTest, AFullQueueLeavesNothingBehind) {
  make({.max_concurrent = 1, .max_queue = 1, .step = {}});
  model_->hold(true);
  std::vector<std::shared_ptr<Listener>> listeners;
  for (int i = 0; i < 2; ++i) {
    TurnInput input = says("count 2");
    input.thread_id = store_->threads().create(me_, "web", "").id;
    listeners.push_back(std::make_shared<Listener>());
    assistant_->start(input, listeners.back());
    listeners.back()->wait_accepted();
    while (model_->stats().running < 1) std::this_thread::yield();
  }
  const auto refused = run(says("one too many"));
  EXPECT_FALSE(refused.accepted);
  EXPECT_EQ(refused.kind, ErrorKind::kUnavailable);
  EXPECT_TRUE(store_->messages().list(me_, thread_).empty());
  EXPECT_EQ(store_->threads().find(me_, thread_)->title, "");
  model_->hold(false);
  for (const auto& listener : listeners) EXPECT_EQ(listener->wait().text, "1 2");
}

TEST_F(AssistantTest, AFailingModelIsRecordedAsAnError) {
  const auto turn = run(says("crash"));
  EXPECT_TRUE(turn.accepted);
  EXPECT_NE(turn.error.find("scripted failure"), std::string::npos);
  const auto messages = store_->messages().list(me_, thread_);
  EXPECT_EQ(messages[1].status, MessageStatus::kError);
  EXPECT_EQ(messages[1].text(), "one two");
}

TEST_F(AssistantTest, TheLimitOfTokensIsNamed) {
  TurnInput input = says("count 10");
  input.settings.max_tokens = 3;
  const auto turn = run(input);
  EXPECT_EQ(turn.status, "length");
  EXPECT_EQ(turn.text, "1 2 3");
}

TEST_F(AssistantTest, RefusesWhatCannotBeAnswered) {
  EXPECT_EQ(run(says(" \n\t ")).kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(run(says("\xff\xfe")).kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(run(says(std::string(100'000, 'x'))).kind, ErrorKind::kLimit);
  TurnInput elsewhere = says("x");
  elsewhere.thread_id = "thr_unknown";
  EXPECT_EQ(run(elsewhere).kind, ErrorKind::kNotFound);
  TurnInput foreign = says("x");
  foreign.participant = store_->participants().ensure("somebody else");
  EXPECT_EQ(run(foreign).kind, ErrorKind::kNotFound);
  TurnInput lost = says("x");
  lost.under_head = false;
  lost.parent_id = "msg_unknown";
  EXPECT_EQ(run(lost).kind, ErrorKind::kNotFound);
  const auto turn = run(says("fine"));
  TurnInput after_user = says("x");
  after_user.under_head = false;
  after_user.parent_id = turn.user_id;
  EXPECT_EQ(run(after_user).kind, ErrorKind::kConflict);
  TurnInput wrong = says("");
  wrong.regenerate = turn.user_id;
  EXPECT_EQ(run(wrong).kind, ErrorKind::kNotFound);
  wrong.regenerate.clear();
  wrong.reply_to = turn.message_id;
  EXPECT_EQ(run(wrong).kind, ErrorKind::kNotFound);
  EXPECT_EQ(store_->messages().list(me_, thread_).size(), 2u);
}

TEST_F(AssistantTest, ACallersConversationIsAnsweredAndNotKept) {
  TurnInput input;
  input.messages = {{"user", "a"}, {"assistant", "b"}, {"user", "c"}};
  const auto turn = run(input);
  EXPECT_EQ(turn.text, "You said: c");
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be kind.", "user: a", "assistant: b", "user: c"));
  input.messages = {{"system", "Be brief."}, {"user", "c"}};
  run(input);
  EXPECT_THAT(last_prompt(), ElementsAre("system: Be brief.", "user: c"));
  EXPECT_TRUE(store_->messages().list(me_, thread_).empty());
}

TEST_F(AssistantTest, AThreadDeletedWhileItIsAnsweredIsNoTrouble) {
  model_->hold(true);
  auto listener = std::make_shared<Listener>();
  assistant_->start(says("count 3"), listener);
  listener->wait_accepted();
  ASSERT_TRUE(store_->threads().remove(me_, thread_));
  model_->hold(false);
  EXPECT_EQ(listener->wait().text, "1 2 3");
}

text::WritingStyle thinks_and_calls() {
  text::WritingStyle style;
  style.calls = text::ToolCallStyle::kTagged;
  style.reasons = true;
  return style;
}

TEST_F(AssistantTest, NobodySeesTheMarksOfReasoningAndCalls) {
  make({.max_concurrent = 4, .max_queue = 256, .step = {}, .style = thinks_and_calls()});
  const auto turn =
      run(says("write <think>\nhm, well\n</think>\n\nI look.<tool_call>{\"name\": \"find\", "
               "\"arguments\": {\"q\": 1}}</tool_call>"));
  EXPECT_EQ(turn.text, "I look.");
  ASSERT_EQ(turn.parts.size(), 3u);
  EXPECT_EQ(turn.parts[0], message::Part(message::ReasoningPart{"hm, well"}));
  EXPECT_EQ(std::get<message::ToolCallPart>(turn.parts[2]).name, "find");
  // Kept as it was told, and not read back to the model.
  EXPECT_EQ(store_->messages().list(me_, thread_)[1].parts, turn.parts);
  run(says("and?"));
  EXPECT_EQ(last_prompt()[2], "assistant: I look.");
  EXPECT_EQ(store_->threads().find(me_, thread_)->preview, "You said: and?");
}

// A stage that notes its name, and answers, fails or puts a gate where it is told to.
struct Probe : Stage {
  Probe(std::vector<std::string>& n, std::string w, std::function<Outcome(Turn&)> d)
      : notes(n), name(std::move(w)), work(std::move(d)) {}
  Task run(Turn& turn) override {
    notes.push_back(name);
    co_return work(turn);
  }
  void undo(Turn&) noexcept override { notes.push_back("undo " + name); }
  std::vector<std::string>& notes;
  std::string name;
  std::function<Outcome(Turn&)> work;
};

class PipelineTest : public AssistantTest {
 protected:
  using Work = std::function<Outcome(Turn&)>;
  void add(std::vector<std::unique_ptr<Stage>>& stages, const std::string& name, Work work) {
    stages.push_back(std::make_unique<Probe>(notes_, name, std::move(work)));
  }
  Listener::Account run_through(Pipeline pipeline) {
    Assistant assistant(*model_, *store_, persona_, settings_, std::move(pipeline));
    auto listener = std::make_shared<Listener>();
    assistant.start(says("hello"), listener);
    return listener->wait();
  }
  static Outcome next(Turn&) { return Outcome::kNext; }
  static Outcome answers(Turn& turn) {
    turn.outlet.say({message::PartBegins{0, message::TextPart{"No model needed."}}});
    return Outcome::kAnswered;
  }
  static Outcome fails(Turn&) { fail(ErrorKind::kLimit, "too much"); }

  std::vector<std::string> notes_;
};

TEST_F(PipelineTest, EndsWithTheStageThatAnswers) {
  Pipeline pipeline;
  add(pipeline.stages, "a", next);
  add(pipeline.stages, "flow", answers);
  add(pipeline.stages, "reply", fails);
  add(pipeline.closing, "check", next);
  add(pipeline.closing, "record", next);
  const auto turn = run_through(std::move(pipeline));
  EXPECT_EQ(turn.text, "No model needed.");
  EXPECT_TRUE(turn.accepted);  // also without a model, and before it was said
  EXPECT_EQ(turn.error, "");
  EXPECT_THAT(notes_, ElementsAre("a", "flow", "check", "record"));
}

TEST_F(PipelineTest, AFailureIsTakenBackFromTheLastStageToTheFirst) {
  Pipeline pipeline;
  add(pipeline.stages, "a", next);
  add(pipeline.stages, "b", fails);
  add(pipeline.stages, "c", answers);
  const auto turn = run_through(std::move(pipeline));
  EXPECT_EQ(turn.error, "too much");
  EXPECT_EQ(turn.kind, ErrorKind::kLimit);
  EXPECT_THAT(notes_, ElementsAre("a", "b", "undo b", "undo a"));
}

TEST_F(PipelineTest, WithoutAnAnswerTheTurnFails) {
  Pipeline pipeline;
  add(pipeline.stages, "a", next);
  EXPECT_EQ(run_through(std::move(pipeline)).error, "no stage answered");
}

TEST_F(PipelineTest, AStageMayPutAGateBeforeWhatTheModelSays) {
  struct Loud : Gate {
    std::string pass(const message::Part&, const std::string& text) override { return text + "!"; }
  };
  Pipeline pipeline = talking_pipeline(*model_, *store_, "");
  auto guarded = std::make_unique<Probe>(notes_, "guard", [](Turn& turn) {
    turn.outlet.set_gate(std::make_shared<Loud>());
    return Outcome::kNext;
  });
  pipeline.stages.insert(pipeline.stages.begin() + 1, std::move(guarded));
  EXPECT_EQ(run_through(std::move(pipeline)).text, "You said: hello!");
  EXPECT_EQ(store_->messages().list(me_, thread_)[1].text(), "You said: hello!");
}

TEST_F(PipelineTest, WhatAStageMakesOfTheQuestionIsWhatIsKeptAndRead) {
  Pipeline pipeline = talking_pipeline(*model_, *store_, "");
  auto shield = std::make_unique<Probe>(notes_, "shield", [](Turn& turn) {
    turn.asked = message::text_parts("[name]");
    return Outcome::kNext;
  });
  pipeline.stages.insert(pipeline.stages.begin() + 1, std::move(shield));
  EXPECT_EQ(run_through(std::move(pipeline)).text, "You said: [name]");
  EXPECT_EQ(store_->messages().list(me_, thread_)[0].text(), "[name]");
  EXPECT_EQ(store_->threads().find(me_, thread_)->title, "[name]");
}

TEST_F(AssistantTest, ManyTurnsAtOnce) {
  std::vector<std::shared_ptr<Listener>> listeners;
  for (int i = 0; i < 100; ++i) {
    TurnInput input = says("count " + std::to_string(i + 1));
    input.thread_id = store_->threads().create(me_, "web", "").id;
    listeners.push_back(std::make_shared<Listener>());
    assistant_->start(input, listeners.back());
  }
  for (int i = 0; i < 100; ++i) {
    const auto turn = listeners[i]->wait();
    EXPECT_EQ(turn.error, "");
    EXPECT_EQ(turn.reply_tokens, i + 1);
    EXPECT_TRUE(turn.text.ends_with(std::to_string(i + 1)));
  }
  assistant_->wait_until_idle();
  EXPECT_EQ(assistant_->running(), 0);
}

}  // namespace assistant_test
}  // namespace parley::chat
