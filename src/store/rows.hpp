// The columns that threads and messages are read with, where a row lands, and the object it
// becomes. Private to store/.
#pragma once

#include <soci/soci.h>

#include <string>

#include "store/store.hpp"

namespace parley::store {

inline constexpr const char* kThreadColumns =
    "SELECT t.id, t.title, t.created_ms, t.updated_ms, t.head_id, "
    "CASE WHEN h.text <> '' THEN substr(h.text, 1, :preview) ELSE substr(p.text, 1, :preview2) END "
    "FROM threads t LEFT JOIN messages h ON h.id = t.head_id LEFT JOIN messages p ON p.id = "
    "h.parent_id ";
inline constexpr const char* kMessageColumns =
    "SELECT m.id, m.thread_id, m.parent_id, m.role, m.parts, m.created_ms, m.status, f.rating, "
    "f.reason "
    "FROM messages m LEFT JOIN feedback f ON f.message_id = m.id ";

// Where a row lands; value() turns it into the object.
struct ThreadRow {
  Thread thread;
  std::string head, preview;
  long long created = 0, updated = 0;
  soci::indicator has_head = soci::i_null, has_preview = soci::i_null;

  Thread value() const {
    Thread out = thread;
    out.created_ms = created;
    out.updated_ms = updated;
    if (has_head == soci::i_ok) out.head_id = head;
    if (has_preview == soci::i_ok) out.preview = preview;
    return out;
  }
};

struct MessageRow {
  std::string id, thread_id, parent, role, parts, status, rating, reason;
  long long created = 0;
  soci::indicator has_parent = soci::i_null, has_rating = soci::i_null, has_reason = soci::i_null;

  Message value() const {
    Message out;
    out.id = id;
    out.thread_id = thread_id;
    if (has_parent == soci::i_ok) out.parent_id = parent;
    out.role = role;
    out.parts = parse_json(parts, "message " + id);
    out.created_ms = created;
    out.status = status_from_name(status);
    if (has_rating == soci::i_ok) {
      out.feedback = Feedback{rating, {}};
      if (has_reason == soci::i_ok) out.feedback->reason = reason;
    }
    return out;
  }
};

}  // namespace parley::store
