// Threads: what a participant talked about, and the one message of each that it ended on.
// Thread-safety, durability and errors are store.hpp's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::store {

struct Thread {
  std::string id;
  std::string title;
  std::int64_t created_ms = 0;
  std::int64_t updated_ms = 0;
  std::optional<std::string> head_id;
  std::string preview;  // the beginning of the last text on the head's branch
};

struct ThreadQuery {
  std::string search;  // words in titles and message text (search_query.hpp); empty: all
  int limit = 50;
  std::string before;  // continue after this thread of an earlier page
};
struct ThreadPage {
  std::vector<Thread> threads;  // most recently used first
  bool more = false;
};

class ThreadRepository {
 public:
  virtual ~ThreadRepository() = default;

  // In the participant's conversation of this channel. Errors: kNotFound (no such participant).
  virtual Thread create(const std::string& participant, std::string_view channel,
                        std::string_view title) = 0;
  // A search reads the participant's messages, the newest threads first, until the page is full;
  // other calls go on meanwhile.
  virtual ThreadPage list(const std::string& participant, const ThreadQuery& query) = 0;
  virtual std::optional<Thread> find(const std::string& participant, const std::string& id) = 0;
  virtual bool rename(const std::string& participant, const std::string& id,
                      std::string_view title) = 0;
  // False also when the message is not the thread's.
  virtual bool set_head(const std::string& participant, const std::string& id,
                        const std::string& message_id) = 0;
  // With all of its messages and their feedback.
  virtual bool remove(const std::string& participant, const std::string& id) = 0;
};

}  // namespace parley::store
