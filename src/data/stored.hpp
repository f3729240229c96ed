// The form of a dataset on disk (docs/data.md):
//   .parley/dataset/manifest.json              names everything below; its replacement is the one
//   commit point .parley/dataset/sources/KEY/part-0000.jsonl  the cleaned records of a source,
//   duplicates included .parley/dataset/sources/KEY/index.bin      one RecordIndex a record
//   .parley/dataset/selection-KEY.bin          one Selection byte a record, all sources after each
//   other
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "data/dataset.hpp"
#include "data/fingerprint.hpp"

namespace parley::data {

enum class Selection : std::uint8_t { kTrain, kValidation, kExactDuplicate, kNearDuplicate };

struct RecordIndex {
  Hash128 hash;
  std::uint64_t offset;  // of its line in the part
  std::uint32_t length;  // of the line without the line end
  std::uint32_t part;
  char language[8];  // "" when it was not looked at
  Sketch sketch;
};
static_assert(sizeof(RecordIndex) == 16 + 8 + 8 + 8 + 256);

// One JSON object without line end: {"id", "language"?, "messages": […]} or {"id", "language"?,
// "title", "text"}. A message that is not learned has "weight": 0.
void append_record_json(const Record& record, std::string_view language, std::string& out);

// Reads such lines back. Not thread-safe.
class StoredRecordParser {
 public:
  StoredRecordParser();
  ~StoredRecordParser();
  // `line` needs kJsonPadding readable bytes behind it. Errors: kInvalidInput (the dataset is
  // damaged).
  void parse(std::string_view line, Record& record, std::string* language = nullptr);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::data
