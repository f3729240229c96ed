#include "store/sql/feedback.hpp"

#include "store/sql/statement.hpp"

namespace parley::store {

bool SqlFeedback::set(const std::string& participant, const std::string& message_id,
                      const std::optional<Feedback>& feedback) {
  const long long now = clock_.now_ms();
  return database_.transact([&](soci::session& sql) {
    const auto reply = first<std::string>(
        sql,
        "SELECT m.id FROM messages m JOIN threads t ON t.id = m.thread_id "
        "WHERE m.id = :id AND t.participant_id = :participant AND m.role = 'assistant'",
        message_id, participant);
    if (!reply) return false;
    change(sql, "DELETE FROM feedback WHERE message_id = :id", message_id);
    if (feedback) {
      change(sql,
             "INSERT INTO feedback(message_id, rating, reason, created_ms) "
             "VALUES (:id, :rating, :reason, :now)",
             message_id, feedback->rating, feedback->reason, now);
    }
    return true;
  });
}

}  // namespace parley::store
