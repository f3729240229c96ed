// The dataset of a project: what `parley data add` made of the sources, cleaned, de-duplicated and
// split. Stored under .parley/dataset as JSONL shards plus manifest.json; rebuilt, never edited.
// See docs/data.md.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "prompt/chat_format.hpp"

namespace parley::data {

enum class Split { kTrain, kValidation };

struct Record {
  std::string id;  // stable: from the source, or the hash of the content
  Split split = Split::kTrain;
  std::vector<text::ChatMessage> messages;  // a conversation; empty for a document
  std::string title;                        // a document's title, may be empty
  std::string text;  // a document's text, which begins with its title if it names one
  bool is_document() const { return messages.empty(); }
};

// Reads the records of a dataset in stored order. Errors: kNotFound ("run `parley data add`
// first"), kInvalidInput.
class DatasetReader {
 public:
  explicit DatasetReader(const std::filesystem::path& dataset_dir);
  ~DatasetReader();
  bool next(Record& record);  // false at the end
  const std::string& address() const {
    return address_;
  }  // content address (SHA-256) of the dataset
  std::uint64_t records() const { return records_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  std::string address_;
  std::uint64_t records_ = 0;
};

// Streams conversations straight from one OpenAI chat JSONL file, cleaned like the dataset's
// (evaluation files).
std::vector<Record> read_conversations(const std::filesystem::path& jsonl);

}  // namespace parley::data
