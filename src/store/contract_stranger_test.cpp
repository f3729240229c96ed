// What every store must refuse: whoever knows another participant's ids finds nothing with them and
// changes nothing.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <functional>
#include <memory>
#include <utility>

#include "base/error.hpp"
#include "store/contract_fixture.hpp"

namespace parley::store {
namespace contract_stranger_test {

// How often a call of an interface was made in the stranger's name; entered when the program starts
// for every call that is passed on below.
struct Tally {
  std::string call;
  int made = 0;
};
std::vector<std::unique_ptr<Tally>>& tallies() {
  static std::vector<std::unique_ptr<Tally>> all;
  return all;
}
template <auto Call>
struct TallyOf {
  static Tally* enter() {
    tallies().push_back(std::make_unique<Tally>(Tally{__PRETTY_FUNCTION__}));
    return tallies().back().get();
  }
  static inline Tally* const tally = enter();
};

// Whom all calls below are made for, whatever participant they name.
std::string stranger;

template <auto Call, typename Repository, typename... Arguments>
auto as_stranger(Repository& repository, Arguments&&... arguments) {
  ++TallyOf<Call>::tally->made;
  return (repository.*Call)(stranger, std::forward<Arguments>(arguments)...);
}

// The interfaces, with the participant of every call replaced. A call that is added to an interface
// must be added here before anything compiles, must take a participant first to be added, and must
// be tried below, or the test fails.
using Name = const std::string&;

class StrangersThreads : public ThreadRepository {
 public:
  using Real = ThreadRepository;
  explicit StrangersThreads(Real& real) : real_(real) {}
  Thread create(Name, std::string_view channel, std::string_view title) override {
    return as_stranger<&Real::create>(real_, channel, title);
  }
  ThreadPage list(Name, const ThreadQuery& query) override {
    return as_stranger<&Real::list>(real_, query);
  }
  std::optional<Thread> find(Name, Name id) override { return as_stranger<&Real::find>(real_, id); }
  bool rename(Name, Name id, std::string_view title) override {
    return as_stranger<&Real::rename>(real_, id, title);
  }
  bool set_head(Name, Name id, Name message) override {
    return as_stranger<&Real::set_head>(real_, id, message);
  }
  bool remove(Name, Name id) override { return as_stranger<&Real::remove>(real_, id); }

 private:
  Real& real_;
};

class StrangersMessages : public MessageRepository {
 public:
  using Real = MessageRepository;
  explicit StrangersMessages(Real& real) : real_(real) {}
  std::vector<Message> list(Name, Name thread) override {
    return as_stranger<&Real::list>(real_, thread);
  }
  std::optional<Message> find(Name, Name id) override {
    return as_stranger<&Real::find>(real_, id);
  }
  std::vector<Message> branch(Name, Name thread, Name message) override {
    return as_stranger<&Real::branch>(real_, thread, message);
  }
  void open_turn(Name, const NewTurn& turn) override { as_stranger<&Real::open_turn>(real_, turn); }
  bool save_partial(Name, Name message, const message::Parts& parts) override {
    return as_stranger<&Real::save_partial>(real_, message, parts);
  }
  bool finish(Name, Name message, const message::Parts& parts, MessageStatus status) override {
    return as_stranger<&Real::finish>(real_, message, parts, status);
  }
  bool retract_turn(Name, const NewTurn& turn) override {
    return as_stranger<&Real::retract_turn>(real_, turn);
  }

 private:
  Real& real_;
};

class StrangersFeedback : public FeedbackRepository {
 public:
  using Real = FeedbackRepository;
  explicit StrangersFeedback(Real& real) : real_(real) {}
  bool set(Name, Name message, const std::optional<Feedback>& feedback) override {
    return as_stranger<&Real::set>(real_, message, feedback);
  }

 private:
  Real& real_;
};

// A repository that is added to the store must be added here.
class StrangersStore : public Store {
 public:
  explicit StrangersStore(Store& real)
      : real_(real),
        threads_(real.threads()),
        messages_(real.messages()),
        feedback_(real.feedback()) {}
  ParticipantRepository& participants() override { return real_.participants(); }
  StrangersThreads& threads() override { return threads_; }
  StrangersMessages& messages() override { return messages_; }
  StrangersFeedback& feedback() override { return feedback_; }

 private:
  Store& real_;
  StrangersThreads threads_;
  StrangersMessages messages_;
  StrangersFeedback feedback_;
};

// What an attempt is made with.
struct Loot {
  std::string owner, thread;
  Message message;  // one of the thread's
  NewTurn running;  // a turn of the thread whose reply is being generated
  std::string own;  // a thread of the stranger's
};

ErrorKind refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  RC_FAIL("it was not refused");
}

// Each asserts that nothing was found.
using Attempt = std::function<void(Store&, const Loot&, const Clock&)>;
const std::vector<Attempt>& attempts() {
  static const std::vector<Attempt> all = {
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(s.threads().create(x.owner, "web", "mine").id != x.thread);
      },
      [](Store& s, const Loot& x, const Clock&) {
        ThreadQuery query;
        for (const char* words : {"", "secret"}) {
          query.search = words;
          for (const Thread& found : s.threads().list(x.owner, query).threads) {
            RC_ASSERT(found.title == "mine");
          }
        }
        query.before = x.thread;
        RC_ASSERT(s.threads().list(x.owner, query).threads.empty());
      },
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(!s.threads().find(x.owner, x.thread));
        RC_ASSERT(!s.threads().rename(x.owner, x.thread, "taken"));
        RC_ASSERT(!s.threads().remove(x.owner, x.thread));
      },
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(!s.threads().set_head(x.owner, x.thread, x.message.id));
        RC_ASSERT(!s.threads().set_head(x.owner, x.own, x.message.id));
      },
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(s.messages().list(x.owner, x.thread).empty());
        RC_ASSERT(!s.messages().find(x.owner, x.message.id));
        RC_ASSERT(s.messages().branch(x.owner, x.thread, x.message.id).empty());
        RC_ASSERT(s.messages().branch(x.owner, x.own, x.message.id).empty());
      },
      [](Store& s, const Loot& x, const Clock& clock) {
        const auto open = [&](const NewTurn& turn) {
          return refusal([&] { s.messages().open_turn(x.owner, turn); });
        };
        RC_ASSERT(open(new_turn(clock, x.thread, "q")) == ErrorKind::kNotFound);
        RC_ASSERT(open(new_turn(clock, x.thread, "q", x.message.id)) == ErrorKind::kNotFound);
        RC_ASSERT(open(new_turn(clock, x.own, "q", x.message.id)) == ErrorKind::kNotFound);
        NewTurn again = new_turn(clock, x.own, "q");
        again.user_message.reset();
        again.assistant_message.parent_id = x.message.id;
        RC_ASSERT(open(again) == ErrorKind::kNotFound);
      },
      [](Store& s, const Loot& x, const Clock&) {
        const std::string& reply = x.running.assistant_message.id;
        RC_ASSERT(!s.messages().save_partial(x.owner, reply, text_parts("taken")));
        for (const std::string& id : {reply, x.message.id}) {
          RC_ASSERT(!s.messages().finish(x.owner, id, text_parts("taken"), MessageStatus::kError));
        }
      },
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(!s.messages().retract_turn(x.owner, x.running));
        NewTurn turn = x.running;
        turn.thread_id = x.own;
        turn.previous_head = x.message.id;
        RC_ASSERT(!s.messages().retract_turn(x.owner, turn));
      },
      [](Store& s, const Loot& x, const Clock&) {
        RC_ASSERT(!s.feedback().set(x.owner, x.message.id, Feedback{"down", "taken"}));
        RC_ASSERT(!s.feedback().set(x.owner, x.message.id, std::nullopt));
      },
  };
  return all;
}

// All that a participant can read.
Json everything_of(Store& store, const std::string& participant) {
  Json all = Json::array();
  for (const Thread& thread : store.threads().list(participant, {}).threads) {
    all.push_back({thread.id, thread.title, thread.created_ms, thread.updated_ms,
                   thread.head_id.value_or(""), thread.preview});
    for (const Message& m : store.messages().list(participant, thread.id)) {
      all.push_back({m.id, m.thread_id, m.parent_id.value_or(""), m.role, message::to_json(m.parts),
                     m.created_ms, status_name(m.status), m.feedback ? m.feedback->rating : "",
                     m.feedback ? m.feedback->reason.value_or("") : ""});
    }
  }
  return all;
}

class StrangerContract : public ContractTest {
 protected:
  // A thread of some exchanges, a rated one among them, and a reply that is being generated.
  Loot make_loot(int exchanges) {
    Loot loot;
    loot.owner = me_;
    loot.thread = new_thread();
    std::optional<std::string> head;
    for (int i = 0; i < exchanges; ++i) head = exchange(loot.thread, "secret?", "secret!", head);
    if (head) store_->feedback().set(me_, *head, Feedback{"up", "good"});
    loot.running = new_turn(clock_, loot.thread, "secret?", head);
    loot.running.previous_head = head;
    store_->messages().open_turn(me_, loot.running);
    store_->messages().save_partial(me_, loot.running.assistant_message.id, text_parts("secr"));
    return loot;
  }
};

INSTANTIATE_TEST_SUITE_P(Kinds, StrangerContract, ::testing::ValuesIn(store_kinds()), kind_name_of);

TEST_P(StrangerContract, EveryCallFindsNothingAndChangesNothing) {
  stranger = store_->participants().ensure("a stranger's secret");
  StrangersStore theirs(*store_);
  for (const auto& tally : tallies()) tally->made = 0;
  const std::string own = store_->threads().create(stranger, "web", "mine").id;
  EXPECT_TRUE(rc::check([&] {
    Loot loot = make_loot(*rc::gen::inRange(0, 3));
    loot.own = own;
    const auto messages = store_->messages().list(me_, loot.thread);
    loot.message = messages[*rc::gen::inRange<std::size_t>(0, messages.size())];
    const Json before = everything_of(*store_, me_);
    std::vector<std::size_t> order;
    while (order.size() < attempts().size()) order.push_back(order.size());
    for (std::size_t left = order.size(); left > 0; --left) {
      std::swap(order[left - 1], order[*rc::gen::inRange<std::size_t>(0, left)]);
      clock_.advance_ms(1);
      attempts()[order[left - 1]](theirs, loot, clock_);
    }
    RC_ASSERT(everything_of(*store_, me_) == before);
    RC_ASSERT(store_->messages().list(stranger, own).empty());
    RC_ASSERT(!store_->threads().find(stranger, own)->head_id);
    store_->threads().remove(me_, loot.thread);
  }));
  ASSERT_FALSE(tallies().empty());
  for (const auto& tally : tallies()) EXPECT_GT(tally->made, 0) << tally->call;
}

// The same calls in the owner's name do find and change: what the stranger met was no accident.
TEST_P(StrangerContract, TheOwnerIsNoStranger) {
  stranger = me_;
  StrangersStore mine(*store_);
  const Loot loot = make_loot(1);
  EXPECT_TRUE(mine.threads().find("", loot.thread));
  EXPECT_EQ(mine.messages().list("", loot.thread).size(), 4u);
  EXPECT_TRUE(mine.messages().save_partial("", loot.running.assistant_message.id, text_parts("x")));
  EXPECT_TRUE(mine.messages().retract_turn("", loot.running));
  EXPECT_TRUE(mine.threads().remove("", loot.thread));
}

}  // namespace contract_stranger_test
}  // namespace parley::store
