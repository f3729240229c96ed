#include "store/sql/messages.hpp"

#include "store/sql/rows.hpp"
#include "store/sql/statement.hpp"
#include "store/sql/threads.hpp"

namespace parley::store {
namespace {

// Ends the condition of an UPDATE of messages; its value is the participant.
constexpr const char* kOfParticipant =
    " AND EXISTS (SELECT 1 FROM threads t WHERE t.id = messages.thread_id AND t.participant_id = "
    ":participant)";

void insert(soci::session& sql, const std::string& thread, const Message& message) {
  const std::string parts = parts_column(message.parts), status(status_name(message.status));
  const long long created = message.created_ms;
  change(sql,
         "INSERT INTO messages(id, thread_id, parent_id, role, parts, created_ms, saved_ms, "
         "status) VALUES (:id, :thread, :parent, :role, :parts, :created, :saved, :status)",
         message.id, thread, message.parent_id, message.role, parts, created, created, status);
}

// A message that another may follow: none, for the first one, or one of the same thread.
void require_in_thread(soci::session& sql, const std::string& thread,
                       const std::optional<std::string>& id) {
  if (!id) return;
  if (!first<std::string>(sql, "SELECT id FROM messages WHERE id = :id AND thread_id = :thread",
                          *id, thread)) {
    fail(ErrorKind::kNotFound, "the message that this one follows is not in the thread",
         "reload the thread");
  }
}

}  // namespace

void SqlMessages::interrupt_replies_saved_before(std::int64_t ms) {
  const std::string interrupted(status_name(MessageStatus::kInterrupted));
  const long long before = ms;
  database_.use([&](soci::session& sql) {
    change(sql,
           "UPDATE messages SET status = :status WHERE status = 'streaming' AND saved_ms < :before",
           interrupted, before);
  });
}

template <typename... Values>
std::vector<Message> SqlMessages::select(const std::string& participant, const char* which,
                                         const Values&... values) {
  return database_.use([&](soci::session& sql) {
    std::vector<Message> messages;
    MessageRow row;
    query(
        sql, std::string(kSelectMessages) + which, row, [&] { messages.push_back(row.value()); },
        participant, values...);
    return messages;
  });
}

std::vector<Message> SqlMessages::list(const std::string& participant,
                                       const std::string& thread_id) {
  return select(participant, "AND m.thread_id = :thread ORDER BY m.seq", thread_id);
}

std::optional<Message> SqlMessages::find(const std::string& participant, const std::string& id) {
  auto found = select(participant, "AND m.id = :id", id);
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::vector<Message> SqlMessages::branch(const std::string& participant,
                                         const std::string& thread_id,
                                         const std::string& message_id) {
  // A parent always has a lower seq than its children, so seq orders a branch.
  return select(participant,
                "AND m.thread_id = :thread AND m.id IN (WITH RECURSIVE up(id, parent_id) AS ("
                "SELECT x.id, x.parent_id FROM messages x WHERE x.id = :leaf UNION ALL "
                "SELECT x.id, x.parent_id FROM messages x JOIN up ON x.id = up.parent_id) "
                "SELECT id FROM up) ORDER BY m.seq",
                thread_id, message_id);
}

void SqlMessages::open_turn(const std::string& participant, const NewTurn& turn) {
  const long long now = clock_.now_ms();
  const Message& reply = turn.assistant_message;
  database_.transact([&](soci::session& sql) {
    const auto title = SqlThreads::read_title(sql, participant, turn.thread_id);
    if (!title) fail(ErrorKind::kNotFound, "the thread was deleted", "start a new one");
    if (title->empty()) SqlThreads::write_title(sql, participant, turn.thread_id, turn.title);
    if (turn.user_message) {
      require_in_thread(sql, turn.thread_id, turn.user_message->parent_id);
      insert(sql, turn.thread_id, *turn.user_message);
    }
    require_in_thread(sql, turn.thread_id, reply.parent_id);
    insert(sql, turn.thread_id, reply);
    change(sql, "UPDATE threads SET head_id = :head, updated_ms = :now WHERE id = :id", reply.id,
           now, turn.thread_id);
  });
}

bool SqlMessages::save_partial(const std::string& participant, const std::string& message_id,
                               const message::Parts& said) {
  const std::string parts = parts_column(said);
  const long long now = clock_.now_ms();
  // Twice a second for every running reply: not worth waiting for the disk, a crash of the
  // process keeps it.
  return database_.use(
      [&](soci::session& sql) {
        return change(sql,
                      std::string("UPDATE messages SET parts = :parts, saved_ms = :now "
                                  "WHERE id = :id AND status = 'streaming'") +
                          kOfParticipant,
                      parts, now, message_id, participant) == 1;
      },
      Durability::kCrash);
}

bool SqlMessages::finish(const std::string& participant, const std::string& message_id,
                         const message::Parts& parts, MessageStatus status) {
  const std::string column = parts_column(parts), name(status_name(status));
  const long long now = clock_.now_ms();
  return database_.transact([&](soci::session& sql) {
    const bool found =
        change(sql,
               std::string("UPDATE messages SET parts = :parts, saved_ms = :now, status = :status "
                           "WHERE id = :id") +
                   kOfParticipant,
               column, now, name, message_id, participant) == 1;
    if (found) {
      change(sql,
             "UPDATE threads SET updated_ms = :now "
             "WHERE id = (SELECT m.thread_id FROM messages m WHERE m.id = :id)",
             now, message_id);
    }
    return found;
  });
}

bool SqlMessages::retract_turn(const std::string& participant, const NewTurn& turn) {
  const std::string& reply = turn.assistant_message.id;
  const std::string erase = "DELETE FROM messages WHERE id = :id AND thread_id = :thread";
  return database_.transact([&](soci::session& sql) {
    const auto title = SqlThreads::read_title(sql, participant, turn.thread_id);
    if (!title || change(sql, erase, reply, turn.thread_id) == 0) return false;
    if (turn.user_message) change(sql, erase, turn.user_message->id, turn.thread_id);
    change(sql,
           "UPDATE threads SET head_id = (SELECT m.id FROM messages m WHERE m.id = :previous AND "
           "m.thread_id = threads.id) WHERE id = :id AND head_id = :head",
           turn.previous_head, turn.thread_id, reply);
    const bool empty = !first<std::string>(
        sql, "SELECT id FROM messages WHERE thread_id = :thread LIMIT 1", turn.thread_id);
    if (empty && *title == turn.title) {
      SqlThreads::write_title(sql, participant, turn.thread_id, "");
    }
    return true;
  });
}

}  // namespace parley::store
