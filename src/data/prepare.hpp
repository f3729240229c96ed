// From raw records to stored ones: cleaning, the reasons to drop one, its fingerprint and its line.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "data/sources/chunk.hpp"
#include "data/stored.hpp"

namespace parley::data {

// Adds counts of fields; past kMaxUnread different ones only those that are there already.
void add_unread(std::map<std::string, std::uint64_t>& sum,
                const std::map<std::string, std::uint64_t>& more);

// What happened to the records of a source. Sums over chunks; saved in the manifest.
struct ImportCounts {
  std::uint64_t records = 0;           // read, bad ones excluded
  std::uint64_t stored = 0;            // of these, left after the drops below
  std::uint64_t bad = 0;               // malformed, left out because of --skip-bad
  std::uint64_t dropped_empty = 0;     // nothing left after cleaning
  std::uint64_t dropped_no_reply = 0;  // no assistant message to learn from
  std::uint64_t dropped_unasked = 0;   // nobody asks: there is no user message
  std::uint64_t empty_messages = 0;    // left out of conversations
  std::uint64_t tool_messages = 0;     // left out of conversations
  std::uint64_t openings = 0;          // assistant messages before the first question: context
  std::uint64_t weight_zero = 0;       // assistant messages that the source marks as context
  std::uint64_t texts = 0;             // messages, titles and documents cleaned
  // of the texts, those in which cleaning changed …
  std::uint64_t changed_bytes = 0, changed_characters = 0, changed_entities = 0, changed_nfc = 0,
                changed_space = 0;

  void add(const ImportCounts& other);
  Json to_json() const;
  static ImportCounts from_json(const Json& json);
};

struct PreparedChunk {
  std::string lines;               // stored JSON, each line with its end
  std::vector<RecordIndex> index;  // offsets relative to `lines`, part 0
  ImportCounts counts;
  std::vector<std::string> bad;                 // "FILE:LINE: WHY", at most kMaxListed
  std::vector<std::string> notes;               // "FILE: WHAT", at most kMaxListed
  std::map<std::string, std::uint64_t> unread;  // fields left out, and in how many records
  std::uint64_t input_bytes = 0;
};

inline constexpr std::size_t kMaxListed = 1000;  // bad records, and notes, named per source
inline constexpr std::size_t kMaxUnread = 100;   // different fields counted per source
// Languages are looked at in every conversation of the first chunks (about 32 MB), then in one
// of 16.
inline constexpr std::uint64_t kFullLanguageChunks = 32;

// One per worker thread.
class ChunkPreparer {
 public:
  explicit ChunkPreparer(bool skip_bad, const ReadOptions& options = {})
      : skip_bad_(skip_bad), json_(options) {}
  // Errors: the first bad record's, unless skip_bad.
  PreparedChunk prepare(const Chunk& chunk, bool all_languages);

  // Cleans one record; false if it is dropped, which `counts` then says.
  bool clean(const RawRecord& raw, Record& record, ImportCounts& counts);

 private:
  void one(const RawRecord& raw, PreparedChunk& out, bool all_languages);
  bool clean_messages(const RawRecord& raw, Record& record, ImportCounts& counts);
  std::string clean_string(std::string_view text, bool entities, ImportCounts& counts);

  const bool skip_bad_;
  JsonRecordParser json_;
  Shingler shingler_;
  RawRecord raw_;
  Record record_;
};

}  // namespace parley::data
