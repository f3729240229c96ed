// The messages of threads, and the turns that write them. A thread is a tree of messages linked by
// parent_id. Thread-safety, durability and errors are store.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "message/part.hpp"
#include "store/feedback.hpp"

namespace parley::store {

enum class MessageStatus {
  kComplete,
  kStreaming,    // being generated right now
  kStopped,      // ended by the participant
  kLength,       // ended by the limit of tokens
  kInterrupted,  // ended by a crash or a shutdown of the server
  kError,        // the model failed
};
std::string_view status_name(MessageStatus status);
MessageStatus status_from_name(std::string_view name);  // Errors: kInternal

struct Message {
  std::string id;
  std::string thread_id;
  std::optional<std::string> parent_id;  // none: the first message of a branch
  std::string role;                      // "user", "assistant"
  message::Parts parts;
  std::int64_t created_ms = 0;
  MessageStatus status = MessageStatus::kComplete;
  std::optional<Feedback> feedback;

  std::string text() const;  // what it says in plain words: message::plain_text()
};

// What open_turn() writes in one transaction: the user's message (unless it is there already) and
// an empty assistant message with status kStreaming, which becomes the thread's head.
// REQUIRES: the ids of the messages are new; the user's message is the parent of the assistant's.
struct NewTurn {
  std::string thread_id;                // both messages go there
  std::optional<Message> user_message;  // none: another reply to assistant_message.parent_id
  Message assistant_message;
  std::string title;                         // given to the thread if it has none yet
  std::optional<std::string> previous_head;  // what retract_turn() puts back
};

class MessageRepository {
 public:
  virtual ~MessageRepository() = default;

  // Oldest first.
  virtual std::vector<Message> list(const std::string& participant,
                                    const std::string& thread_id) = 0;
  virtual std::optional<Message> find(const std::string& participant, const std::string& id) = 0;
  // The messages from the first one down to `message_id`.
  virtual std::vector<Message> branch(const std::string& participant, const std::string& thread_id,
                                      const std::string& message_id) = 0;

  // Errors: kNotFound when the thread was deleted meanwhile, or has no message that the turn
  // answers; kConflict when one of its messages is there already.
  virtual void open_turn(const std::string& participant, const NewTurn& turn) = 0;
  // The reply so far. False also when the reply has ended.
  virtual bool save_partial(const std::string& participant, const std::string& message_id,
                            const message::Parts& parts) = 0;
  virtual bool finish(const std::string& participant, const std::string& message_id,
                      const message::Parts& parts, MessageStatus status) = 0;
  // Undoes open_turn() of a turn that nobody was told about.
  virtual bool retract_turn(const std::string& participant, const NewTurn& turn) = 0;
};

}  // namespace parley::store
