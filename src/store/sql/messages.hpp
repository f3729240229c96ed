// Messages and the turns that write them.
#pragma once

#include "base/clock.hpp"
#include "store/messages.hpp"
#include "store/sql/database.hpp"

namespace parley::store {

class SqlMessages : public MessageRepository {
 public:
  SqlMessages(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // Maintenance: replies that were being generated, and were last saved before this time, become
  // kInterrupted, whosever they are.
  void interrupt_replies_saved_before(std::int64_t ms);

  std::vector<Message> list(const std::string& participant, const std::string& thread_id) override;
  std::optional<Message> find(const std::string& participant, const std::string& id) override;
  std::vector<Message> branch(const std::string& participant, const std::string& thread_id,
                              const std::string& message_id) override;

  void open_turn(const std::string& participant, const NewTurn& turn) override;
  bool save_partial(const std::string& participant, const std::string& message_id,
                    const message::Parts& parts) override;
  bool finish(const std::string& participant, const std::string& message_id,
              const message::Parts& parts, MessageStatus status) override;
  bool retract_turn(const std::string& participant, const NewTurn& turn) override;

 private:
  template <typename... Values>
  std::vector<Message> select(const std::string& participant, const char* which,
                              const Values&... values);

  Database& database_;
  const Clock& clock_;
};

}  // namespace parley::store
