// reply: the model speaks.
#include "chat/model/update_queue.hpp"
#include "chat/stage.hpp"

namespace parley::chat {
namespace {

// What a crash may cost of a reply that was being generated.
constexpr double kSaveEverySeconds = 0.5;

class Reply : public Stage {
 public:
  Reply(ChatModel& model, store::Store* store, WorkQueue& work, const Clock& clock)
      : model_(model), store_(store), work_(work), clock_(clock) {}

  Task run(Turn& turn) override {
    const auto updates = std::make_shared<UpdateQueue>(work_);
    const ReplySettings& settings = turn.input.settings;
    ChatRequest request;
    request.messages = turn.messages;
    request.sampling = settings.sampling;
    request.max_tokens = settings.max_tokens;
    request.stop = settings.stop;
    request.grammar = settings.grammar;
    request.logprobs = settings.logprobs;
    request.rich_messages = turn.input.rich_messages;
    request.tools = turn.input.tools;
    request.begun = turn.input.begun;
    ChatModel& model = turn.input.model ? *turn.input.model : model_;
    turn.control->attach(
        model.start(request, [updates](const engine::Update& update) { updates->push(update); }));
    turn.accepted = true;
    turn.listener->accepted(turn);

    double saved_s = clock_.monotonic_s();
    for (;;) {
      const engine::Update update = co_await updates->next();
      const double now_s = clock_.monotonic_s();
      turn.prompt_tokens = update.prompt_tokens;
      turn.reply_tokens = update.reply_tokens;
      turn.cached_tokens = update.cached_tokens;
      turn.logprobs.insert(turn.logprobs.end(), update.logprobs.begin(), update.logprobs.end());
      if (!update.text.empty()) {
        if (turn.first_text_s == 0) turn.first_text_s = now_s;
        turn.text += update.text;
        turn.listener->text(turn, update.text);
      }
      if (update.finished) {
        turn.finished_s = now_s;
        turn.reason = update.reason;
        turn.control->detach();
        if (update.reason == engine::FinishReason::kError) {
          fail(ErrorKind::kInternal, "the model failed: " + update.error, "try again");
        }
        co_return;
      }
      if (turn.kept && now_s - saved_s >= kSaveEverySeconds) {
        store_->messages().save_partial(turn.input.participant, turn.kept->assistant_message.id,
                                        turn.text);
        saved_s = now_s;
      }
    }
  }

 private:
  ChatModel& model_;
  store::Store* store_;
  WorkQueue& work_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Stage> make_reply(ChatModel& model, store::Store* store, WorkQueue& work,
                                  const Clock& clock) {
  return std::make_unique<Reply>(model, store, work, clock);
}

}  // namespace parley::chat
