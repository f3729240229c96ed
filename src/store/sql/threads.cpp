#include "store/sql/threads.hpp"

#include <limits>

#include "base/id.hpp"
#include "store/sql/statement.hpp"

namespace parley::store {
namespace {

// What a search reads at once: others have the connection in between.
constexpr long long kThreadsAtOnce = 64;
constexpr long long kMessagesAtOnce = 256;

struct PlaceRow {
  long long updated = 0, seq = 0;
  void bind(soci::statement& statement) {
    statement.exchange(soci::into(updated));
    statement.exchange(soci::into(seq));
  }
};

struct PartsRow {
  long long seq = 0;
  std::string id, parts;
  void bind(soci::statement& statement) {
    statement.exchange(soci::into(seq));
    statement.exchange(soci::into(id));
    statement.exchange(soci::into(parts));
  }
};

}  // namespace

Thread SqlThreads::create(const std::string& participant, std::string_view channel,
                          std::string_view title) {
  Thread thread;
  thread.id = new_id("thr", clock_);
  thread.title = title;
  thread.created_ms = thread.updated_ms = clock_.now_ms();
  const std::string channel_name(channel), fresh = new_id("con", clock_);
  const long long now = thread.created_ms;
  database_.transact([&](soci::session& sql) {
    if (!first<std::string>(sql, "SELECT id FROM participants WHERE id = :id", participant)) {
      fail(ErrorKind::kNotFound, "no such participant");
    }
    change(sql,
           "INSERT INTO conversations(id, participant_id, channel, created_ms) "
           "VALUES (:id, :participant, :channel, :now) "
           "ON CONFLICT (participant_id, channel) DO NOTHING",
           fresh, participant, channel_name, now);
    const auto conversation = first<std::string>(
        sql, "SELECT id FROM conversations WHERE participant_id = :participant AND channel = :name",
        participant, channel_name);
    change(sql,
           "INSERT INTO threads(id, conversation_id, participant_id, title, created_ms, "
           "updated_ms) VALUES (:id, :conversation, :participant, :title, :now, :used)",
           thread.id, *conversation, participant, thread.title, now, now);
  });
  return thread;
}

ThreadPage SqlThreads::list(const std::string& participant, const ThreadQuery& query) {
  ThreadPage page;
  constexpr long long kEnd = std::numeric_limits<long long>::max();
  std::optional<Place> place = Place{kEnd, kEnd};
  if (!query.before.empty()) place = place_of(participant, query.before);
  if (!place) return page;
  const SearchQuery search(query.search);
  const auto limit = static_cast<std::size_t>(query.limit);
  const long long at_once = search.matches_everything() ? query.limit + 1LL : kThreadsAtOnce;
  for (;;) {
    const auto rows = threads_after(participant, *place, at_once);
    for (const ThreadRow& row : rows) {
      if (!matches(search, row)) continue;
      page.more = page.threads.size() == limit;
      if (page.more) return page;
      page.threads.push_back(row.value());
    }
    if (rows.size() < static_cast<std::size_t>(at_once)) return page;
    place = Place{rows.back().updated, rows.back().seq};
  }
}

std::optional<SqlThreads::Place> SqlThreads::place_of(const std::string& participant,
                                                      const std::string& id) {
  return database_.use([&](soci::session& sql) {
    std::optional<Place> place;
    PlaceRow row;
    query(
        sql, "SELECT updated_ms, seq FROM threads WHERE participant_id = :participant AND id = :id",
        row, [&] { place = Place{row.updated, row.seq}; }, participant, id);
    return place;
  });
}

std::vector<ThreadRow> SqlThreads::threads_after(const std::string& participant, Place place,
                                                 long long count) {
  return database_.use([&](soci::session& sql) {
    std::vector<ThreadRow> rows;
    ThreadRow row;
    query(
        sql,
        std::string(kSelectThreads) +
            "AND (t.updated_ms, t.seq) < (:updated, :seq) "
            "ORDER BY t.updated_ms DESC, t.seq DESC LIMIT :count",
        row, [&] { rows.push_back(row); }, participant, place.updated, place.seq, count);
    return rows;
  });
}

bool SqlThreads::matches(const SearchQuery& search, const ThreadRow& thread) {
  if (search.matches(thread.title)) return true;
  std::vector<PartsRow> rows;
  long long before = std::numeric_limits<long long>::max();
  do {
    rows = database_.use([&](soci::session& sql) {
      std::vector<PartsRow> read;
      PartsRow row;
      query(
          sql,
          "SELECT seq, id, parts FROM messages WHERE thread_id = :thread AND seq < :before "
          "ORDER BY seq DESC LIMIT :count",
          row, [&] { read.push_back(row); }, thread.id, before, kMessagesAtOnce);
      return read;
    });
    for (const PartsRow& row : rows) {
      if (search.matches(words_of(row.parts, row.id))) return true;
      before = row.seq;
    }
  } while (rows.size() == kMessagesAtOnce);
  return false;
}

std::optional<Thread> SqlThreads::find(const std::string& participant, const std::string& id) {
  return database_.use([&](soci::session& sql) {
    std::optional<Thread> found;
    ThreadRow row;
    query(
        sql, std::string(kSelectThreads) + "AND t.id = :id", row, [&] { found = row.value(); },
        participant, id);
    return found;
  });
}

bool SqlThreads::rename(const std::string& participant, const std::string& id,
                        std::string_view title) {
  const std::string text(title);
  return database_.use([&](soci::session& sql) { return write_title(sql, participant, id, text); });
}

bool SqlThreads::set_head(const std::string& participant, const std::string& id,
                          const std::string& message_id) {
  return database_.use([&](soci::session& sql) {
    return change(sql,
                  "UPDATE threads SET head_id = :head "
                  "WHERE id = :id AND participant_id = :participant AND EXISTS (SELECT 1 FROM "
                  "messages m WHERE m.id = :message AND m.thread_id = threads.id)",
                  message_id, id, participant, message_id) == 1;
  });
}

bool SqlThreads::remove(const std::string& participant, const std::string& id) {
  return database_.transact([&](soci::session& sql) {
    return change(sql, "DELETE FROM threads WHERE id = :id AND participant_id = :participant", id,
                  participant) == 1;
  });
}

std::optional<std::string> SqlThreads::read_title(soci::session& sql,
                                                  const std::string& participant,
                                                  const std::string& id) {
  return first<std::string>(
      sql, "SELECT title FROM threads WHERE id = :id AND participant_id = :participant", id,
      participant);
}

bool SqlThreads::write_title(soci::session& sql, const std::string& participant,
                             const std::string& id, const std::string& title) {
  return change(
             sql,
             "UPDATE threads SET title = :title WHERE id = :id AND participant_id = :participant",
             title, id, participant) == 1;
}

}  // namespace parley::store
