// What an assistant remembers: participants, their conversations, threads, messages and feedback.
// This is the one repository interface; only store/ knows that SQL is behind it.
//
// A participant has one conversation per channel ("web", "terminal"); a conversation has threads; a
// thread is a tree of messages linked by parent_id. Every call that names a participant sees only
// what belongs to that participant: what is another's is "not found".
//
// Thread-safe. Calls block for as long as the database takes (well under a millisecond for reads,
// one fsync for writes): call from a work thread, not from one that serves sockets. A write that
// returned survives a crash of the process and of the machine, except save_partial(), which
// survives the process only.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"

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

struct Feedback {
  std::string rating;  // "up", "down"
  std::optional<std::string> reason;
};

struct Message {
  std::string id;
  std::string thread_id;
  std::optional<std::string> parent_id;  // none: the first message of a branch
  std::string role;                      // "user", "assistant"
  Json parts = Json::array();            // [{"type": "text", "text": "…"}]
  std::int64_t created_ms = 0;
  MessageStatus status = MessageStatus::kComplete;
  std::optional<Feedback> feedback;

  std::string text() const;  // of the text parts, joined by blank lines
};
Json text_parts(std::string_view text);

struct Thread {
  std::string id;
  std::string title;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> head_id;
  std::string preview;  // the beginning of the last text on the head's branch
};

struct ThreadQuery {
  std::string search;  // words in titles and message text; empty: all
  int limit = 50;
  std::string before;  // continue after this thread of an earlier page
};
struct ThreadPage {
  std::vector<Thread> threads;  // most recently used first
  bool more = false;
};

// What open_turn() writes in one transaction: the user's message (unless it is there already) and
// an empty assistant message with status kStreaming, which becomes the thread's head.
struct NewTurn {
  std::string thread_id;
  std::optional<Message> user_message;  // none: another reply to assistant_message.parent_id
  Message assistant_message;
  std::string title;                         // given to the thread if it has none yet
  std::optional<std::string> previous_head;  // what retract_turn() puts back
};

class Store {
 public:
  virtual ~Store() = default;

  // The participant who holds this secret (a cookie's value); only the secret's SHA-256 is stored.
  // find_… gives an empty id when there is none; ensure_… makes one.
  virtual std::string find_participant(std::string_view secret) = 0;
  virtual std::string ensure_participant(std::string_view secret) = 0;

  virtual Thread create_thread(const std::string& participant, std::string_view channel,
                               std::string_view title) = 0;
  virtual ThreadPage list_threads(const std::string& participant, const ThreadQuery& query) = 0;
  virtual std::optional<Thread> find_thread(const std::string& participant,
                                            const std::string& id) = 0;
  virtual bool rename_thread(const std::string& participant, const std::string& id,
                             std::string_view title) = 0;
  // False when the thread is not the participant's, or the message not the thread's.
  virtual bool set_head(const std::string& participant, const std::string& id,
                        const std::string& message_id) = 0;
  virtual bool delete_thread(const std::string& participant, const std::string& id) = 0;

  virtual std::vector<Message> list_messages(const std::string& thread_id) = 0;  // oldest first
  virtual std::optional<Message> find_message(const std::string& participant,
                                              const std::string& id) = 0;
  // The messages from the first one down to `message_id`.
  virtual std::vector<Message> branch(const std::string& thread_id,
                                      const std::string& message_id) = 0;

  virtual void open_turn(
      const NewTurn& turn) = 0;  // Errors: kNotFound when the thread was deleted meanwhile
  // The reply so far. Nothing happens when the message was deleted meanwhile.
  virtual void save_partial(const std::string& message_id, std::string_view text) = 0;
  virtual void finish_message(const std::string& message_id, const Json& parts,
                              MessageStatus status) = 0;
  // Undoes open_turn() of a turn that nobody was told about.
  virtual void retract_turn(const NewTurn& turn) = 0;

  // No feedback: takes it back. False when the message is not an assistant message of the
  // participant.
  virtual bool set_feedback(const std::string& participant, const std::string& message_id,
                            const std::optional<Feedback>& feedback) = 0;
};

// Opens or creates the database file and brings its schema up to date. Replies that a crashed
// process left behind as kStreaming become kInterrupted. Errors: kIo, kInvalidInput (not a
// database, or made by a newer Parley).
std::unique_ptr<Store> open_store(const std::filesystem::path& file,
                                  const Clock& clock = Clock::system());

// A store that is gone when closed.
std::unique_ptr<Store> open_memory_store(const Clock& clock = Clock::system());

}  // namespace parley::store
