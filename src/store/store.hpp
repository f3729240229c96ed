// What an assistant remembers: a repository per noun, and the store that hands them out. Only
// store/sql/ knows that SQL is behind them.
//
//   1. A participant has one conversation per channel ("web", "terminal"); a conversation has
//      threads; a thread is a tree of messages; replies have feedback.
//   2. Every call names the participant for whom it is made, and sees and changes only what belongs
//      to that participant. What is another's is not found, as what does not exist: a read gives
//      nothing, a write gives false and changes nothing. Only what cannot go on without it throws
//      kNotFound.
//   3. What was said is kept once, in the message's parts: there is no other copy of the words, no
//      index of them, no preview. Previews and searches read the parts.
//   4. Thread-safe. Calls block for as long as the database takes (well under a millisecond for
//      reads but searches, one fsync for writes): call from a work thread, not from one that serves
//      sockets.
//   5. A write that returned survives a crash of the process and of the machine, except
//      MessageRepository::save_partial(), which survives the process only. A write that threw
//      changed nothing.
//   6. Any call may throw kIo (disk full, permissions, the database in use by another program).
#pragma once

#include <filesystem>
#include <memory>

#include "base/clock.hpp"
#include "store/feedback.hpp"
#include "store/messages.hpp"
#include "store/participants.hpp"
#include "store/threads.hpp"

namespace parley::store {

// The repositories live as long as their store.
class Store {
 public:
  virtual ~Store() = default;

  virtual ParticipantRepository& participants() = 0;
  virtual ThreadRepository& threads() = 0;
  virtual MessageRepository& messages() = 0;
  virtual FeedbackRepository& feedback() = 0;
};

// Opens or creates the database file and brings its schema up to date. Replies that a crashed
// process left behind as kStreaming become kInterrupted. Errors: kIo, kInvalidInput (not a
// database, or made by a newer Parley).
std::unique_ptr<Store> open_store(const std::filesystem::path& file,
                                  const Clock& clock = Clock::system());

// A store that is gone when closed.
std::unique_ptr<Store> open_memory_store(const Clock& clock = Clock::system());

}  // namespace parley::store
