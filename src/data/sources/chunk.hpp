// What a source's reader hands to the workers: a piece of the input, cut at record boundaries.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "data/sources/json_record.hpp"
#include "data/sources/raw_record.hpp"

namespace parley::data {

enum class DocumentKind { kPlain, kMarkdown, kHtml };

struct OwnedMessage {
  Role role;
  std::string content;
  bool learned = true;
};

// A record that owns its text: from CSV rows, speaker lines or a grammar.
struct OwnedRecord {
  std::uint64_t line = 0;
  std::string id;
  std::vector<OwnedMessage> messages;
  std::string title, text;  // a document
  bool unescaped = false;   // as of RawRecord
  int left_out = 0;         // as of RawRecord
  std::string error;        // not empty: the record is bad, and why
};

struct JsonPiece {
  std::size_t offset, length;
  std::uint64_t line;
};

struct Chunk {
  enum class Kind { kJsonLines, kJsonPieces, kRecords, kDocument };
  Kind kind = Kind::kRecords;
  std::shared_ptr<const std::string> file;  // as messages show it
  JsonShape shape = JsonShape::kAny;
  DocumentKind document = DocumentKind::kPlain;
  std::string bytes;                 // kJson*: followed by kJsonPadding bytes; kDocument: the file
  std::size_t used = 0;              // bytes without the padding
  std::uint64_t first_line = 1;      // kJsonLines
  std::vector<JsonPiece> pieces;     // kJsonPieces
  std::vector<OwnedRecord> records;  // kRecords; also bad records a reader found on its own
  std::string id, title;             // kDocument: its id, and the fallback title
  std::vector<std::string> unread;   // kRecords: columns that none of the records uses
  std::vector<std::string> notes;    // what to tell about the file: "FILE: WHAT"
  std::uint64_t input_bytes = 0;     // how far this chunk moves the progress on
};

// Gives a chunk to the pipeline; false: stop reading, the import is over.
using PushChunk = std::function<bool(Chunk&&)>;

}  // namespace parley::data
