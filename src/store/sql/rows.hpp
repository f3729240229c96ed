// The columns that threads and messages are read with, where a row lands, and the object it
// becomes. The one place that knows how the parts of a message are written in a column.
#pragma once

#include <soci/soci.h>

#include <optional>
#include <string>

#include "store/messages.hpp"
#include "store/threads.hpp"

namespace parley::store {

std::string parts_column(const message::Parts& parts);
// `message` names it in errors. Errors: kInvalidInput.
message::Parts parts_of(const std::string& column, const std::string& message);
std::string words_of(const std::string& column, const std::string& message);  // Message::text()

// A thread with its head and the message above that: what a preview is made of. The statement goes
// on with the first value, the participant.
inline constexpr const char* kSelectThreads =
    "SELECT t.seq, t.id, t.title, t.created_ms, t.updated_ms, t.head_id, h.parts, p.parts "
    "FROM threads t LEFT JOIN messages h ON h.id = t.head_id AND h.thread_id = t.id "
    "LEFT JOIN messages p ON p.id = h.parent_id AND p.thread_id = t.id "
    "WHERE t.participant_id = :participant ";

struct ThreadRow {
  long long seq = 0, created = 0, updated = 0;
  std::string id, title;
  std::optional<std::string> head, head_parts, parent_parts;

  void bind(soci::statement& statement);
  Thread value() const;
};

// Messages of the participant's threads, which is the first value.
inline constexpr const char* kSelectMessages =
    "SELECT m.id, m.thread_id, m.parent_id, m.role, m.parts, m.created_ms, m.status, f.rating, "
    "f.reason FROM messages m JOIN threads t ON t.id = m.thread_id "
    "LEFT JOIN feedback f ON f.message_id = m.id WHERE t.participant_id = :participant ";

struct MessageRow {
  std::string id, thread, role, parts, status;
  long long created = 0;
  std::optional<std::string> parent, rating, reason;

  void bind(soci::statement& statement);
  Message value() const;
};

}  // namespace parley::store
