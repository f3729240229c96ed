// Threads, listed and searched.
#pragma once

#include <vector>

#include "base/clock.hpp"
#include "store/search_query.hpp"
#include "store/sql/database.hpp"
#include "store/sql/rows.hpp"
#include "store/threads.hpp"

namespace parley::store {

class SqlThreads : public ThreadRepository {
 public:
  SqlThreads(Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  Thread create(const std::string& participant, std::string_view channel,
                std::string_view title) override;
  ThreadPage list(const std::string& participant, const ThreadQuery& query) override;
  std::optional<Thread> find(const std::string& participant, const std::string& id) override;
  bool rename(const std::string& participant, const std::string& id,
              std::string_view title) override;
  bool set_head(const std::string& participant, const std::string& id,
                const std::string& message_id) override;
  bool remove(const std::string& participant, const std::string& id) override;

  // Titles within another repository's transaction; they are read and written as a whole, never
  // compared by the database. Nothing, and false, when the thread is not the participant's.
  static std::optional<std::string> read_title(soci::session& sql, const std::string& participant,
                                               const std::string& id);
  static bool write_title(soci::session& sql, const std::string& participant, const std::string& id,
                          const std::string& title);

 private:
  // A place in the list.
  struct Place {
    long long updated, seq;
  };
  std::optional<Place> place_of(const std::string& participant, const std::string& id);
  std::vector<ThreadRow> threads_after(const std::string& participant, Place place,
                                       long long count);
  bool matches(const SearchQuery& search, const ThreadRow& thread);

  Database& database_;
  const Clock& clock_;
};

}  // namespace parley::store
