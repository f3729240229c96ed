// The store over SQL: one connection, and the repositories on it.
#pragma once

#include <memory>

#include "store/sql/feedback.hpp"
#include "store/sql/messages.hpp"
#include "store/sql/participants.hpp"
#include "store/sql/threads.hpp"
#include "store/store.hpp"

namespace parley::store {

class SqlStore : public Store {
 public:
  // Opens the database and marks the replies that a crash left behind. Errors: as Database has
  // them.
  SqlStore(std::unique_ptr<Dialect> dialect, const Clock& clock);

  SqlParticipants& participants() override { return participants_; }
  SqlThreads& threads() override { return threads_; }
  SqlMessages& messages() override { return messages_; }
  SqlFeedback& feedback() override { return feedback_; }

 private:
  Database database_;
  SqlParticipants participants_;
  SqlThreads threads_;
  SqlMessages messages_;
  SqlFeedback feedback_;
};

}  // namespace parley::store
