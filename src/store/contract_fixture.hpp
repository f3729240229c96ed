// What the contract tests share: the kinds of store that it is held against, and a conversation to
// put into them.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/id.hpp"
#include "base/test_support.hpp"
#include "message/part_json.hpp"
#include "message/plain_text.hpp"
#include "store/store.hpp"

namespace parley::store {

using message::text_parts;

struct StoreKind {
  std::string name;
  bool kept;  // opened again in the same folder, it has what was written
  std::function<std::unique_ptr<Store>(const std::filesystem::path& folder, const Clock& clock)>
      open;
};
inline std::ostream& operator<<(std::ostream& out, const StoreKind& kind) {
  return out << kind.name;
}

// Another implementation is one line more.
inline std::vector<StoreKind> store_kinds() {
  return {
      {"SqliteFile", true,
       [](const auto& folder, const auto& clock) { return open_store(folder / "p.db", clock); }},
      {"SqliteMemory", false,
       [](const auto&, const auto& clock) { return open_memory_store(clock); }},
  };
}
inline std::vector<StoreKind> kept_store_kinds() {
  auto kinds = store_kinds();
  std::erase_if(kinds, [](const StoreKind& kind) { return !kind.kept; });
  return kinds;
}

// An exchange that is about to begin under `parent`.
inline NewTurn new_turn(const Clock& clock, const std::string& thread, const std::string& question,
                        const std::optional<std::string>& parent = {}) {
  NewTurn turn;
  turn.thread_id = thread;
  turn.title = question;
  turn.user_message.emplace();
  turn.user_message->id = new_id("msg", clock);
  turn.user_message->thread_id = thread;
  turn.user_message->parent_id = parent;
  turn.user_message->role = "user";
  turn.user_message->parts = text_parts(question);
  turn.user_message->created_ms = clock.now_ms();
  turn.assistant_message = *turn.user_message;
  turn.assistant_message.id = new_id("msg", clock);
  turn.assistant_message.parent_id = turn.user_message->id;
  turn.assistant_message.role = "assistant";
  turn.assistant_message.parts = text_parts("");
  turn.assistant_message.status = MessageStatus::kStreaming;
  return turn;
}

class ContractTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  ContractTest() {
    reopen();
    me_ = store_->participants().ensure("secret");
  }

  std::unique_ptr<Store> open() { return GetParam().open(folder_.path(), clock_); }
  void reopen() {
    store_.reset();
    store_ = open();
  }

  std::string new_thread(const std::string& title = "") {
    return store_->threads().create(me_, "web", title).id;
  }
  NewTurn open_turn(const std::string& thread, const std::string& question,
                    const std::optional<std::string>& parent = {}) {
    NewTurn turn = new_turn(clock_, thread, question, parent);
    store_->messages().open_turn(me_, turn);
    return turn;
  }
  // One exchange; gives the id of the reply.
  std::string exchange(const std::string& thread, const std::string& question,
                       const std::string& answer, const std::optional<std::string>& parent = {}) {
    const std::string reply = open_turn(thread, question, parent).assistant_message.id;
    clock_.advance_ms(1000);
    store_->messages().finish(me_, reply, text_parts(answer), MessageStatus::kComplete);
    return reply;
  }
  std::optional<Message> message(const std::string& id) { return store_->messages().find(me_, id); }

  std::vector<std::string> titles(const ThreadQuery& query = {}) {
    std::vector<std::string> out;
    for (const Thread& thread : store_->threads().list(me_, query).threads)
      out.push_back(thread.title);
    return out;
  }
  std::vector<std::string> search(const std::string& words) {
    ThreadQuery query;
    query.search = words;
    return titles(query);
  }

  test::TempDir folder_;
  ManualClock clock_{1'800'000'000'000};  // past 2^32 ms, so that a cut to 32 bits shows
  std::unique_ptr<Store> store_;
  std::string me_;
};

using Strings = std::vector<std::string>;

inline std::string kind_name_of(const ::testing::TestParamInfo<StoreKind>& info) {
  return info.param.name;
}

}  // namespace parley::store
