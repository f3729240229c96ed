// keep: the turn in the store, from its first word on.
#include <utility>

#include "base/log.hpp"
#include "chat/message_text.hpp"
#include "chat/stages/stages.hpp"
#include "message/plain_text.hpp"

namespace parley::chat {
namespace {

// What a crash may cost of a reply that was being generated.
constexpr double kSaveEverySeconds = 0.5;

class Keep : public Stage {
 public:
  Keep(store::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  Task run(Turn& turn) override {
    if (!turn.place) co_return Outcome::kNext;
    if (auto& message = turn.place->user_message) {
      message->parts = turn.asked;
      turn.place->title = make_title(message::plain_text(turn.asked));
    }
    store_.messages().open_turn(turn.input.participant, *turn.place);
    turn.kept = true;
    turn.outlet.listen(
        [this, &turn, saved_s = clock_.monotonic_s()](const message::PartEvents&) mutable {
          const double now_s = clock_.monotonic_s();
          if (now_s - saved_s < kSaveEverySeconds) return;
          store_.messages().save_partial(turn.input.participant, turn.place->assistant_message.id,
                                         turn.outlet.parts());
          saved_s = now_s;
        });
    co_return Outcome::kNext;
  }

  // Whoever was told of the turn finds it marked; otherwise nothing of it stays.
  void undo(Turn& turn) noexcept override {
    if (!turn.kept) return;
    try {
      if (!turn.accepted) {
        store_.messages().retract_turn(turn.input.participant, *turn.place);
        return;
      }
      turn.status = store::MessageStatus::kError;
      store::Message& message = turn.place->assistant_message;
      message.parts = turn.outlet.parts();
      message.status = turn.status;
      store_.messages().finish(turn.input.participant, message.id, message.parts, message.status);
    } catch (const std::exception& e) {
      log::error("turn_not_recorded", {{"why", e.what()}});
    }
  }

 private:
  store::Store& store_;
  const Clock& clock_;
};

}  // namespace

std::unique_ptr<Stage> make_keep(store::Store& store, const Clock& clock) {
  return std::make_unique<Keep>(store, clock);
}

}  // namespace parley::chat
