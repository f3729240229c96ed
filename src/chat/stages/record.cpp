// record: how the turn ended, kept.
#include "chat/stages/stages.hpp"

namespace parley::chat {
namespace {

using engine::FinishReason;
using store::MessageStatus;

MessageStatus status_of(const Turn& turn) {
  switch (turn.reason) {
    case FinishReason::kStop:
      return MessageStatus::kComplete;
    case FinishReason::kLength:
      return MessageStatus::kLength;
    case FinishReason::kDeadline:
    case FinishReason::kCancelled:
      return turn.control->cause() == StopCause::kParticipant ? MessageStatus::kStopped
                                                              : MessageStatus::kInterrupted;
    case FinishReason::kError:
      break;
  }
  return MessageStatus::kError;
}

class Record : public Stage {
 public:
  explicit Record(store::Store& store) : store_(store) {}

  Task run(Turn& turn) override {
    turn.status = status_of(turn);
    if (turn.kept) {
      store::Message& message = turn.place->assistant_message;
      message.parts = turn.outlet.parts();
      message.status = turn.status;
      store_.messages().finish(turn.input.participant, message.id, message.parts, message.status);
    }
    co_return Outcome::kNext;
  }

 private:
  store::Store& store_;
};

}  // namespace

std::unique_ptr<Stage> make_record(store::Store& store) {
  return std::make_unique<Record>(store);
}

}  // namespace parley::chat
