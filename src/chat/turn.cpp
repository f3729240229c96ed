#include "chat/turn.hpp"

#include <utility>

namespace parley::chat {

void TurnControl::stop(StopCause cause) {
  std::shared_ptr<ChatReply> reply;
  {
    const std::lock_guard lock(mutex_);
    if (cause_ == StopCause::kNone) cause_ = cause;
    reply = reply_;
  }
  if (reply) reply->cancel();
}

StopCause TurnControl::cause() const {
  const std::lock_guard lock(mutex_);
  return cause_;
}

void TurnControl::attach(std::shared_ptr<ChatReply> reply) {
  bool stopped = false;
  {
    const std::lock_guard lock(mutex_);
    reply_ = reply;
    stopped = cause_ != StopCause::kNone;
  }
  if (stopped) reply->cancel();
}

void TurnControl::detach() {
  std::shared_ptr<ChatReply> reply;  // destroyed after the lock is released
  const std::lock_guard lock(mutex_);
  reply = std::exchange(reply_, nullptr);
}

void Turn::accept() {
  if (!std::exchange(accepted, true)) listener->accepted(*this);
}

}  // namespace parley::chat
