// reply: the model speaks.
#include "chat/model/update_queue.hpp"
#include "chat/stages/stages.hpp"
#include "message/plain_text.hpp"
#include "prompt/message_reader.hpp"

namespace parley::chat {
namespace {

class Reply : public Stage {
 public:
  Reply(ChatModel& model, const Clock& clock) : model_(model), clock_(clock) {}

  Task run(Turn& turn) override {
    const auto updates = std::make_shared<UpdateQueue>(*turn.work);
    ChatModel& model = turn.input.model ? *turn.input.model : model_;
    text::MessageReader reader(reading_of(turn, model.style()), turn.input.call_ids);
    std::shared_ptr<ChatReply> reply = model.start(
        request_of(turn), [updates](const engine::Update& update) { updates->push(update); });
    turn.left_out = reply->left_out();
    turn.control->attach(std::move(reply));
    turn.accept();
    if (turn.left_out > 0) turn.outlet.put(left_out_notice(turn.left_out));
    turn.outlet.say(reader.push(turn.input.read_before));

    for (;;) {
      const engine::Update update = co_await updates->next();
      turn.prompt_tokens = update.prompt_tokens;
      turn.reply_tokens = update.reply_tokens;
      turn.cached_tokens = update.cached_tokens;
      turn.logprobs.insert(turn.logprobs.end(), update.logprobs.begin(), update.logprobs.end());
      if (!update.text.empty()) {
        if (turn.first_text_s == 0) turn.first_text_s = clock_.monotonic_s();
        turn.outlet.say(reader.push(update.text));
      }
      if (!update.finished) continue;
      turn.finished_s = clock_.monotonic_s();
      turn.reason = update.reason;
      turn.control->detach();
      turn.outlet.say(reader.finish());
      turn.outlet.close();
      if (update.reason == engine::FinishReason::kError) {
        fail(ErrorKind::kInternal, "the model failed: " + update.error, "try again");
      }
      co_return Outcome::kAnswered;
    }
  }

 private:
  static message::NoticePart left_out_notice(std::size_t messages) {
    return {"history_left_out", messages == 1
                                    ? "This chat is longer than the assistant can read at once: "
                                      "its first message was left out."
                                    : "This chat is longer than the assistant can read at once: "
                                      "its first " +
                                          std::to_string(messages) + " messages were left out."};
  }

  static ChatRequest request_of(const Turn& turn) {
    const ReplySettings& settings = turn.input.settings;
    ChatRequest request;
    request.messages = turn.history;
    if (!turn.asked.empty()) request.messages.push_back({"user", message::plain_text(turn.asked)});
    request.sampling = settings.sampling;
    request.max_tokens = settings.max_tokens;
    request.stop = settings.stop;
    request.grammar = settings.grammar;
    request.logprobs = settings.logprobs;
    request.rich_messages = turn.input.rich_messages;
    request.tools = turn.input.tools;
    request.begun = turn.input.begun;
    request.may_leave_out = !turn.input.thread_id.empty();
    return request;
  }

  // A model that was given no tools may write a call's marks all the same; words alone are a call
  // only of a tool that there is.
  static text::ToolCallOptions reading_of(const Turn& turn, const text::WritingStyle& style) {
    if (turn.input.reading) return *turn.input.reading;
    const Json& tools = turn.input.tools;
    return {style.calls, true, style.opens_in_reasoning, tools.is_null() ? Json::array() : tools};
  }

  ChatModel& model_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Stage> make_reply(ChatModel& model, const Clock& clock) {
  return std::make_unique<Reply>(model, clock);
}

}  // namespace parley::chat
