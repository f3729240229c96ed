// admit: who says what, and where in the thread.
#include <utility>

#include "base/id.hpp"
#include "chat/message_text.hpp"
#include "chat/stages/stages.hpp"
#include "message/plain_text.hpp"

namespace parley::chat {
namespace {

using store::Message;

class Admit : public Stage {
 public:
  Admit(store::Store& store, std::string system_prompt, const Clock& clock)
      : store_(store), system_prompt_(std::move(system_prompt)), clock_(clock) {}

  Task run(Turn& turn) override {
    if (turn.input.settings.random_seed) {
      turn.input.settings.sampling.seed = std::stoull(random_hex(8), nullptr, 16);
    }
    if (turn.input.thread_id.empty()) {
      take_callers_messages(turn);
    } else {
      enter_thread(turn);
    }
    co_return Outcome::kNext;
  }

 private:
  void take_callers_messages(Turn& turn) const {
    turn.history = turn.input.messages;
    bool has_system = false;
    for (const auto& message : turn.history) has_system |= message.role == "system";
    if (!has_system) add_system_prompt(turn);
  }

  void add_system_prompt(Turn& turn) const {
    if (system_prompt_.empty()) return;
    turn.history.insert(turn.history.begin(), {"system", system_prompt_});
    if (turn.input.rich_messages.is_array()) {
      turn.input.rich_messages.insert(turn.input.rich_messages.begin(),
                                      Json{{"role", "system"}, {"content", system_prompt_}});
    }
  }

  void enter_thread(Turn& turn) const {
    const TurnInput& input = turn.input;
    const auto thread = store_.threads().find(input.participant, input.thread_id);
    if (!thread) fail(ErrorKind::kNotFound, "no such thread", "start a new one");

    store::NewTurn next;
    next.thread_id = thread->id;
    next.previous_head = thread->head_id;
    Message& reply = next.assistant_message;
    reply.id = new_id("msg", clock_);
    reply.thread_id = thread->id;
    reply.role = "assistant";
    reply.created_ms = clock_.now_ms();
    reply.status = store::MessageStatus::kStreaming;

    std::vector<Message> history;  // with the message to answer, where that is an earlier one
    if (input.regenerate.empty() && input.reply_to.empty()) {
      Message message;
      message.id = new_id("msg", clock_);
      message.thread_id = thread->id;
      message.role = "user";
      message.created_ms = reply.created_ms;
      message.parent_id = input.under_head ? thread->head_id : input.parent_id;
      if (message.parent_id) {
        history = store_.messages().branch(input.participant, thread->id, *message.parent_id);
        if (history.empty())
          fail(ErrorKind::kNotFound, "parent_id: no such message in this thread");
        if (history.back().role != "assistant") {
          fail(ErrorKind::kConflict, "parent_id: a message can only follow a reply",
               "name the reply that this message answers, or ask again with reply_to");
        }
      }
      turn.asked = message::text_parts(clean_message(input.text, "text"));
      reply.parent_id = message.id;
      next.user_message = std::move(message);
    } else {
      history = history_to_answer(input);
      reply.parent_id = history.back().id;
    }
    turn.history = for_model(history);
    add_system_prompt(turn);
    turn.place = std::move(next);
  }

  // The branch down to the user message that is to be answered once more.
  std::vector<Message> history_to_answer(const TurnInput& input) const {
    std::string user_id = input.reply_to;
    const char* field = "reply_to";
    if (!input.regenerate.empty()) {
      field = "regenerate";
      const auto earlier = store_.messages().find(input.participant, input.regenerate);
      if (!earlier || earlier->thread_id != input.thread_id || earlier->role != "assistant") {
        fail(ErrorKind::kNotFound, "regenerate: no such reply in this thread");
      }
      user_id = earlier->parent_id.value_or("");
    }
    auto history = store_.messages().branch(input.participant, input.thread_id, user_id);
    if (history.empty() || history.back().role != "user") {
      fail(ErrorKind::kNotFound, std::string(field) + ": no such user message in this thread");
    }
    return history;
  }

  // What was said in plain words: neither reasoning nor calls are read back. Exchanges whose reply
  // was lost are left out: the model knows only alternating turns.
  static std::vector<text::ChatMessage> for_model(const std::vector<Message>& history) {
    std::vector<text::ChatMessage> messages;
    for (const Message& message : history) {
      const std::string text = message.text();
      if (text.empty()) {
        if (!messages.empty()) messages.pop_back();
      } else {
        messages.push_back({message.role, text});
      }
    }
    return messages;
  }

  store::Store& store_;
  std::string system_prompt_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Stage> make_admit(store::Store& store, std::string system_prompt,
                                  const Clock& clock) {
  return std::make_unique<Admit>(store, std::move(system_prompt), clock);
}

}  // namespace parley::chat
