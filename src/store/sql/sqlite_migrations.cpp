#include "store/sql/sqlite_migrations.hpp"

#include <array>

namespace parley::store {
namespace {

// Times are milliseconds since 1970 UTC. `seq` orders rows by insertion. A message does not cascade
// to its children: SQLite stops at 1,000 nested cascades, and threads may be longer.
constexpr std::string_view kFirst = R"sql(
CREATE TABLE participants (
  id          TEXT PRIMARY KEY,
  created_ms  INTEGER NOT NULL
);
CREATE TABLE identities (
  kind            TEXT NOT NULL,
  subject_sha256  TEXT NOT NULL,
  participant_id  TEXT NOT NULL REFERENCES participants(id) ON DELETE CASCADE,
  created_ms      INTEGER NOT NULL,
  PRIMARY KEY (kind, subject_sha256)
);
CREATE INDEX identities_by_participant ON identities(participant_id);
CREATE TABLE conversations (
  id              TEXT PRIMARY KEY,
  participant_id  TEXT NOT NULL REFERENCES participants(id) ON DELETE CASCADE,
  channel         TEXT NOT NULL,
  created_ms      INTEGER NOT NULL,
  UNIQUE (participant_id, channel)
);
CREATE TABLE threads (
  seq              INTEGER PRIMARY KEY,
  id               TEXT NOT NULL UNIQUE,
  conversation_id  TEXT NOT NULL REFERENCES conversations(id) ON DELETE CASCADE,
  participant_id   TEXT NOT NULL REFERENCES participants(id) ON DELETE CASCADE,
  title            TEXT NOT NULL,
  created_ms       INTEGER NOT NULL,
  updated_ms       INTEGER NOT NULL,
  head_id          TEXT
);
CREATE INDEX threads_by_conversation ON threads(conversation_id);
CREATE INDEX threads_by_use ON threads(participant_id, updated_ms, seq);
CREATE TABLE messages (
  seq         INTEGER PRIMARY KEY,
  id          TEXT NOT NULL UNIQUE,
  thread_id   TEXT NOT NULL REFERENCES threads(id) ON DELETE CASCADE,
  parent_id   TEXT REFERENCES messages(id) DEFERRABLE INITIALLY DEFERRED,
  role        TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
  parts       TEXT NOT NULL,
  text        TEXT NOT NULL,
  created_ms  INTEGER NOT NULL,
  saved_ms    INTEGER NOT NULL,
  status      TEXT NOT NULL
);
CREATE INDEX messages_by_thread ON messages(thread_id, seq);
CREATE INDEX messages_by_parent ON messages(parent_id);
CREATE INDEX messages_streaming ON messages(status) WHERE status = 'streaming';
CREATE TABLE feedback (
  message_id  TEXT PRIMARY KEY REFERENCES messages(id) ON DELETE CASCADE,
  rating      TEXT NOT NULL CHECK (rating IN ('up', 'down')),
  reason      TEXT,
  created_ms  INTEGER NOT NULL
);

CREATE VIRTUAL TABLE thread_search USING fts5(title, tokenize = 'unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE message_search USING fts5(text, tokenize = 'unicode61 remove_diacritics 2');
CREATE TRIGGER threads_added AFTER INSERT ON threads BEGIN
  INSERT INTO thread_search(rowid, title) VALUES (new.seq, new.title);
END;
CREATE TRIGGER threads_renamed AFTER UPDATE OF title ON threads BEGIN
  UPDATE thread_search SET title = new.title WHERE rowid = new.seq;
END;
CREATE TRIGGER threads_deleted AFTER DELETE ON threads BEGIN
  DELETE FROM thread_search WHERE rowid = old.seq;
END;
-- A reply is indexed when it has ended, not on every partial save.
CREATE TRIGGER messages_added AFTER INSERT ON messages WHEN new.status <> 'streaming' BEGIN
  INSERT INTO message_search(rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER messages_ended AFTER UPDATE OF status ON messages
WHEN new.status <> 'streaming' BEGIN
  DELETE FROM message_search WHERE rowid = new.seq;
  INSERT INTO message_search(rowid, text) VALUES (new.seq, new.text);
END;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
  DELETE FROM message_search WHERE rowid = old.seq;
END;
)sql";

// What was said stays in `parts` alone: no second copy of the words, no index of them.
constexpr std::string_view kWordsOnce = R"sql(
DROP TRIGGER threads_added;
DROP TRIGGER threads_renamed;
DROP TRIGGER threads_deleted;
DROP TRIGGER messages_added;
DROP TRIGGER messages_ended;
DROP TRIGGER messages_deleted;
DROP TABLE thread_search;
DROP TABLE message_search;
ALTER TABLE messages DROP COLUMN text;
)sql";

// The file written anew, so that what was deleted before, the dropped copies of the words among it,
// is in no free page of it nor in the log.
constexpr std::string_view kWrittenAnew = R"sql(
VACUUM;
PRAGMA wal_checkpoint(TRUNCATE);
)sql";

constexpr std::array<Migration, 3> kMigrations = {{
    {kFirst},
    {kWordsOnce},
    {kWrittenAnew, false},
}};

}  // namespace

std::span<const Migration> sqlite_migrations() {
  return kMigrations;
}

}  // namespace parley::store
