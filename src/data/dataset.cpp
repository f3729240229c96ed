#include "data/dataset.hpp"

#include "base/error.hpp"
#include "data/prepare.hpp"
#include "data/sources/json_source.hpp"
#include "data/stored_reader.hpp"

namespace parley::data {

struct DatasetReader::State {
  State(const std::filesystem::path& dir, const DatasetInfo& info) : lines(dir, info) {}
  StoredReader lines;
  StoredRecordParser parser;
};

DatasetReader::DatasetReader(const std::filesystem::path& dataset_dir) {
  const DatasetInfo info = load_dataset_info(dataset_dir);
  state_ = std::make_unique<State>(dataset_dir, info);
  address_ = info.address;
  records_ = info.used();
}

DatasetReader::~DatasetReader() = default;

bool DatasetReader::next(Record& record) {
  StoredReader::Line line;
  while (state_->lines.next(line)) {
    if (line.selection > Selection::kValidation) continue;
    state_->parser.parse(line.json, record);
    record.split = line.selection == Selection::kTrain ? Split::kTrain : Split::kValidation;
    return true;
  }
  return false;
}

std::vector<Record> read_conversations(const std::filesystem::path& jsonl) {
  InputFile file(jsonl, jsonl.string());
  ChunkPreparer preparer(false);
  JsonRecordParser parser;
  RawRecord raw;
  ImportCounts counts;
  std::vector<Record> records;
  const auto one = [&](std::string_view json, const Chunk& chunk, std::uint64_t line) {
    if (json.find_first_not_of(" \t\r") == std::string_view::npos) return;
    parser.parse(json, chunk.shape, {*chunk.file, line}, raw);
    Record record;
    if (!preparer.clean(raw, record, counts)) return;
    record.split = Split::kValidation;
    if (record.id.empty()) record.id = jsonl.stem().string() + ":" + std::to_string(line);
    records.push_back(std::move(record));
  };
  read_json_source(file, JsonShape::kAny, true, [&](Chunk&& chunk) {
    for (const OwnedRecord& bad : chunk.records) fail_record({*chunk.file, bad.line}, bad.error);
    for (const JsonPiece& piece : chunk.pieces) {
      one(std::string_view(chunk.bytes).substr(piece.offset, piece.length), chunk, piece.line);
    }
    if (chunk.kind != Chunk::Kind::kJsonLines) return true;
    const std::string_view all = std::string_view(chunk.bytes).substr(0, chunk.used);
    std::uint64_t line = chunk.first_line;
    for (std::size_t at = 0; at < all.size(); ++line) {
      const std::size_t end = std::min(all.find('\n', at), all.size());
      one(all.substr(at, end - at), chunk, line);
      at = end + 1;
    }
    return true;
  });
  if (records.empty()) {
    fail(ErrorKind::kInvalidInput, jsonl.string() + ": no usable conversation in it",
         "every conversation needs at least one reply of the assistant");
  }
  return records;
}

}  // namespace parley::data
