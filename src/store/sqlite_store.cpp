// The repository over SQLite. Integers are bound as `long long` throughout: SOCI's dynamic rows cut
// them to 32 bits.
#include <memory>

#include "base/id.hpp"
#include "base/sha256.hpp"
#include "store/database.hpp"
#include "store/rows.hpp"
#include "store/search_query.hpp"
#include "store/store.hpp"

namespace parley::store {
namespace {

using soci::into;
using soci::use;

// A reply nobody has saved for this long while other processes have the database open belongs to
// one that died.
constexpr std::int64_t kStaleMs = 10 * 60 * 1000;
constexpr std::size_t kPreviewCharacters = 160;

class SqliteStore : public Store {
 public:
  SqliteStore(const std::filesystem::path& file, const Clock& clock)
      : clock_(clock), database_(file) {
    if (file.empty()) return;
    lock_ = std::make_unique<UseLock>(file.string() + ".lock");
    const std::string interrupted(status_name(MessageStatus::kInterrupted));
    const long long before = lock_->was_alone() ? INT64_MAX : clock_.now_ms() - kStaleMs;
    database_.use([&](soci::session& sql) {
      sql << "UPDATE messages SET status = :s WHERE status = 'streaming' AND saved_ms < :b",
          use(interrupted), use(before);
    });
  }

  std::string find_participant(std::string_view secret) override {
    const std::string hash = sha256_hex(secret);
    return database_.use([&](soci::session& sql) {
      std::string id;
      sql << "SELECT participant_id FROM identities WHERE kind = 'cookie' AND subject_sha256 = :h",
          into(id), use(hash);
      return sql.got_data() ? id : std::string();
    });
  }

  std::string ensure_participant(std::string_view secret) override {
    if (std::string found = find_participant(secret); !found.empty()) return found;
    const std::string hash = sha256_hex(secret);
    const std::string id = new_id("par", clock_);
    const long long now = clock_.now_ms();
    return database_.transact([&](soci::session& sql) {
      std::string holder;  // another request with the same new cookie may have been faster
      sql << "SELECT participant_id FROM identities WHERE kind = 'cookie' AND subject_sha256 = :h",
          into(holder), use(hash);
      if (sql.got_data()) return holder;
      sql << "INSERT INTO participants(id, created_ms) VALUES (:i, :n)", use(id), use(now);
      sql << "INSERT INTO identities(kind, subject_sha256, participant_id, created_ms) "
             "VALUES ('cookie', :h, :i, :n)",
          use(hash), use(id), use(now);
      return id;
    });
  }

  Thread create_thread(const std::string& participant, std::string_view channel,
                       std::string_view title) override {
    Thread thread;
    thread.id = new_id("thr", clock_);
    thread.title = title;
    thread.created_ms = thread.updated_ms = clock_.now_ms();
    const std::string channel_name(channel), fresh = new_id("con", clock_);
    const long long now = thread.created_ms;
    database_.transact([&](soci::session& sql) {
      sql << "INSERT INTO conversations(id, participant_id, channel, created_ms) VALUES (:i, :p, "
             ":c, :n) "
             "ON CONFLICT (participant_id, channel) DO NOTHING",
          use(fresh), use(participant), use(channel_name), use(now);
      std::string conversation;
      sql << "SELECT id FROM conversations WHERE participant_id = :p AND channel = :c",
          into(conversation), use(participant), use(channel_name);
      sql << "INSERT INTO threads(id, conversation_id, participant_id, title, created_ms, "
             "updated_ms) "
             "VALUES (:i, :c, :p, :t, :n, :u)",
          use(thread.id), use(conversation), use(participant), use(thread.title), use(now),
          use(now);
    });
    return thread;
  }

  ThreadPage list_threads(const std::string& participant, const ThreadQuery& query) override {
    const SearchQuery search = make_search_query(query.search);
    std::string text = std::string(kThreadColumns) + "WHERE t.participant_id = :p ";
    if (!query.before.empty()) {
      text +=
          "AND (t.updated_ms, t.seq) < (SELECT b.updated_ms, b.seq FROM threads b WHERE b.id = "
          ":before "
          "AND b.participant_id = :p2) ";
    }
    if (!query.search.empty() && !search.match.empty()) {
      text +=
          "AND (t.seq IN (SELECT rowid FROM thread_search WHERE thread_search MATCH :q1) OR t.id "
          "IN "
          "(SELECT m.thread_id FROM messages m WHERE m.seq IN "
          "(SELECT rowid FROM message_search WHERE message_search MATCH :q2))) ";
    } else if (!query.search.empty()) {
      text +=
          "AND (t.title LIKE :q1 ESCAPE '\\' OR EXISTS (SELECT 1 FROM messages m WHERE m.thread_id "
          "= t.id "
          "AND m.text LIKE :q2 ESCAPE '\\')) ";
    }
    text += "ORDER BY t.updated_ms DESC, t.seq DESC LIMIT :limit";

    const std::string& words = search.match.empty() ? search.like : search.match;
    const long long limit = query.limit + 1LL, preview = kPreviewCharacters;
    return database_.use([&](soci::session& sql) {
      ThreadRow row;
      soci::statement statement(sql);
      bind_thread(statement, row);
      statement.exchange(use(preview));
      statement.exchange(use(preview));
      statement.exchange(use(participant));
      if (!query.before.empty()) {
        statement.exchange(use(query.before));
        statement.exchange(use(participant));
      }
      if (!query.search.empty()) {
        statement.exchange(use(words));
        statement.exchange(use(words));
      }
      statement.exchange(use(limit));
      statement.alloc();
      statement.prepare(text);
      statement.define_and_bind();
      statement.execute(false);
      ThreadPage page;
      while (statement.fetch()) page.threads.push_back(row.value());
      page.more = page.threads.size() > static_cast<std::size_t>(query.limit);
      if (page.more) page.threads.pop_back();
      return page;
    });
  }

  std::optional<Thread> find_thread(const std::string& participant,
                                    const std::string& id) override {
    const long long preview = kPreviewCharacters;
    return database_.use([&](soci::session& sql) -> std::optional<Thread> {
      ThreadRow row;
      soci::statement statement(sql);
      bind_thread(statement, row);
      statement.exchange(use(preview));
      statement.exchange(use(preview));
      statement.exchange(use(participant));
      statement.exchange(use(id));
      statement.alloc();
      statement.prepare(std::string(kThreadColumns) + "WHERE t.participant_id = :p AND t.id = :i");
      statement.define_and_bind();
      if (!statement.execute(true)) return std::nullopt;
      return row.value();
    });
  }

  bool rename_thread(const std::string& participant, const std::string& id,
                     std::string_view title) override {
    const std::string text(title);
    return database_.use([&](soci::session& sql) {
      soci::statement statement =
          (sql.prepare << "UPDATE threads SET title = :t WHERE id = :i AND participant_id = :p",
           use(text), use(id), use(participant));
      statement.execute(true);
      return statement.get_affected_rows() == 1;
    });
  }

  bool set_head(const std::string& participant, const std::string& id,
                const std::string& message_id) override {
    return database_.use([&](soci::session& sql) {
      soci::statement statement =
          (sql.prepare << "UPDATE threads SET head_id = :m WHERE id = :i AND participant_id = :p "
                          "AND EXISTS "
                          "(SELECT 1 FROM messages x WHERE x.id = :m2 AND x.thread_id = :i2)",
           use(message_id), use(id), use(participant), use(message_id), use(id));
      statement.execute(true);
      return statement.get_affected_rows() == 1;
    });
  }

  bool delete_thread(const std::string& participant, const std::string& id) override {
    return database_.transact([&](soci::session& sql) {
      soci::statement statement =
          (sql.prepare << "DELETE FROM threads WHERE id = :i AND participant_id = :p", use(id),
           use(participant));
      statement.execute(true);
      return statement.get_affected_rows() == 1;
    });
  }

  std::vector<Message> list_messages(const std::string& thread_id) override {
    return select_messages("WHERE m.thread_id = :t ORDER BY m.seq", {thread_id});
  }

  std::optional<Message> find_message(const std::string& participant,
                                      const std::string& id) override {
    auto found = select_messages(
        "JOIN threads t ON t.id = m.thread_id WHERE m.id = :i AND t.participant_id = :p",
        {id, participant});
    if (found.empty()) return std::nullopt;
    return std::move(found.front());
  }

  std::vector<Message> branch(const std::string& thread_id,
                              const std::string& message_id) override {
    // A parent always has a lower seq than its children, so seq orders a branch.
    return select_messages(
        "WHERE m.thread_id = :t AND m.id IN (WITH RECURSIVE up(id) AS (SELECT :m UNION ALL SELECT "
        "x.parent_id "
        "FROM messages x JOIN up ON x.id = up.id WHERE x.parent_id IS NOT NULL) SELECT id FROM up) "
        "ORDER BY m.seq",
        {thread_id, message_id});
  }

  void open_turn(const NewTurn& turn) override {
    const long long now = clock_.now_ms();
    database_.transact([&](soci::session& sql) {
      soci::statement head =
          (sql.prepare << "UPDATE threads SET head_id = :m, updated_ms = :n, "
                          "title = CASE WHEN title = '' THEN :t ELSE title END WHERE id = :i",
           use(turn.assistant_message.id), use(now), use(turn.title), use(turn.thread_id));
      head.execute(true);
      if (head.get_affected_rows() != 1) {
        fail(ErrorKind::kNotFound, "the thread was deleted", "start a new one");
      }
      if (turn.user_message) insert_message(sql, *turn.user_message);
      insert_message(sql, turn.assistant_message);
    });
  }

  void save_partial(const std::string& message_id, std::string_view text) override {
    const std::string plain(text), parts = to_text(text_parts(text));
    const long long now = clock_.now_ms();
    // Twice a second for every running reply: not worth waiting for the disk, a crash of the
    // process keeps it.
    database_.use(
        [&](soci::session& sql) {
          sql << "UPDATE messages SET text = :x, parts = :p, saved_ms = :n WHERE id = :i AND "
                 "status = 'streaming'",
              use(plain), use(parts), use(now), use(message_id);
        },
        Durability::kCrash);
  }

  void finish_message(const std::string& message_id, const Json& parts,
                      MessageStatus status) override {
    Message message;
    message.parts = parts;
    const std::string plain = message.text(), packed = to_text(parts), name(status_name(status));
    const long long now = clock_.now_ms();
    database_.transact([&](soci::session& sql) {
      sql << "UPDATE messages SET text = :x, parts = :p, saved_ms = :n, status = :s WHERE id = :i",
          use(plain), use(packed), use(now), use(name), use(message_id);
      sql << "UPDATE threads SET updated_ms = :n WHERE id = (SELECT thread_id FROM messages WHERE "
             "id = :i)",
          use(now), use(message_id);
    });
  }

  void retract_turn(const NewTurn& turn) override {
    const std::string head = turn.previous_head.value_or("");
    soci::indicator has_head = turn.previous_head ? soci::i_ok : soci::i_null;
    database_.transact([&](soci::session& sql) {
      sql << "DELETE FROM messages WHERE id = :i", use(turn.assistant_message.id);
      if (turn.user_message)
        sql << "DELETE FROM messages WHERE id = :i", use(turn.user_message->id);
      sql << "UPDATE threads SET head_id = :h WHERE id = :i AND head_id = :m", use(head, has_head),
          use(turn.thread_id), use(turn.assistant_message.id);
      sql << "UPDATE threads SET title = '' WHERE id = :i AND title = :t AND NOT EXISTS "
             "(SELECT 1 FROM messages m WHERE m.thread_id = :j)",
          use(turn.thread_id), use(turn.title), use(turn.thread_id);
    });
  }

  bool set_feedback(const std::string& participant, const std::string& message_id,
                    const std::optional<Feedback>& feedback) override {
    const long long now = clock_.now_ms();
    return database_.transact([&](soci::session& sql) {
      std::string id;
      sql << "SELECT m.id FROM messages m JOIN threads t ON t.id = m.thread_id "
             "WHERE m.id = :i AND t.participant_id = :p AND m.role = 'assistant'",
          into(id), use(message_id), use(participant);
      if (!sql.got_data()) return false;
      sql << "DELETE FROM feedback WHERE message_id = :i", use(message_id);
      if (feedback) {
        const std::string reason = feedback->reason.value_or("");
        soci::indicator has_reason = feedback->reason ? soci::i_ok : soci::i_null;
        sql << "INSERT INTO feedback(message_id, rating, reason, created_ms) VALUES (:i, :r, :x, "
               ":n)",
            use(message_id), use(feedback->rating), use(reason, has_reason), use(now);
      }
      return true;
    });
  }

 private:
  static void bind_thread(soci::statement& statement, ThreadRow& row) {
    statement.exchange(into(row.thread.id));
    statement.exchange(into(row.thread.title));
    statement.exchange(into(row.created));
    statement.exchange(into(row.updated));
    statement.exchange(into(row.head, row.has_head));
    statement.exchange(into(row.preview, row.has_preview));
  }

  std::vector<Message> select_messages(const std::string& where,
                                       const std::vector<std::string>& values) {
    return database_.use([&](soci::session& sql) {
      MessageRow row;
      soci::statement statement(sql);
      statement.exchange(into(row.id));
      statement.exchange(into(row.thread_id));
      statement.exchange(into(row.parent, row.has_parent));
      statement.exchange(into(row.role));
      statement.exchange(into(row.parts));
      statement.exchange(into(row.created));
      statement.exchange(into(row.status));
      statement.exchange(into(row.rating, row.has_rating));
      statement.exchange(into(row.reason, row.has_reason));
      for (const std::string& value : values) statement.exchange(use(value));
      statement.alloc();
      statement.prepare(kMessageColumns + where);
      statement.define_and_bind();
      statement.execute(false);
      std::vector<Message> messages;
      while (statement.fetch()) messages.push_back(row.value());
      return messages;
    });
  }

  static void insert_message(soci::session& sql, const Message& message) {
    const std::string parts = to_text(message.parts), text = message.text();
    const std::string status(status_name(message.status)), parent = message.parent_id.value_or("");
    soci::indicator has_parent = message.parent_id ? soci::i_ok : soci::i_null;
    const long long created = message.created_ms;
    sql << "INSERT INTO messages(id, thread_id, parent_id, role, parts, text, created_ms, "
           "saved_ms, status) "
           "VALUES (:i, :t, :p, :r, :x, :y, :c, :d, :s)",
        use(message.id), use(message.thread_id), use(parent, has_parent), use(message.role),
        use(parts), use(text), use(created), use(created), use(status);
  }

  const Clock& clock_;
  std::unique_ptr<UseLock> lock_;
  Database database_;
};

}  // namespace

std::unique_ptr<Store> open_store(const std::filesystem::path& file, const Clock& clock) {
  return std::make_unique<SqliteStore>(file, clock);
}

std::unique_ptr<Store> open_memory_store(const Clock& clock) {
  return std::make_unique<SqliteStore>(std::filesystem::path(), clock);
}

}  // namespace parley::store
