#include "data/sources/csv_source.hpp"

#include <xxhash.h>

#include <optional>
#include <unordered_set>

#include "base/error.hpp"
#include "data/sources/csv.hpp"
#include "data/sources/input_file.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::size_t kChunkBytes = 1u << 19;
// Ids remembered to notice a conversation whose rows are scattered; 40 bytes each. Past that it is
// not checked.
constexpr std::size_t kMaxRememberedIds = 1'000'000;

class CsvSource {
 public:
  CsvSource(InputFile& file, const ReadOptions& options, const PushChunk& push)
      : file_(file),
        options_(options),
        push_(push),
        shown_(std::make_shared<std::string>(file.shown())) {}

  void run() {
    std::string block;
    if (!file_.read(block, kReadBlock)) return;
    const CsvParser::Dialect dialect = CsvParser::take_dialect(block);
    CsvParser parser(dialect, [this](CsvRow&& row) { return on_row(std::move(row)); });
    do {
      if (!parser.feed(block)) return;
      block.clear();
    } while (file_.read(block, kReadBlock));
    if (!parser.finish()) return;
    end_conversation();
    flush();
  }

 private:
  bool on_row(CsvRow&& row) {
    if (columns_ == std::nullopt) {
      const std::string place = *shown_ + ":" + std::to_string(row.line);
      if (!row.error.empty())
        fail(ErrorKind::kInvalidInput, place + ": in the header: " + row.error);
      for (const auto& name : row.fields) {
        if (!text::is_valid_utf8(name)) {
          fail(ErrorKind::kInvalidInput, place + ": the header is not valid UTF-8",
               "save the file as UTF-8: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW");
        }
      }
      width_ = row.fields.size();
      columns_ = find_columns(row.fields, options_.columns, place);
      for (const std::size_t i : columns_->unread) unread_.push_back(std::move(row.fields[i]));
      return true;
    }
    std::string error = row.error;
    if (error.empty() && row.fields.size() != width_) {
      error = "the row has " + std::to_string(row.fields.size()) + " fields, the header " +
              std::to_string(width_) + "; a field with a separator in it must be quoted";
    }
    for (const auto& field : row.fields) {
      if (error.empty() && !text::is_valid_utf8(field)) error = "invalid UTF-8";
    }
    if (error.empty()) error = add_row(row);
    if (!error.empty()) {
      // The conversation before it goes first, so that errors come in the order of the file.
      OwnedRecord bad;
      bad.line = row.line;
      bad.error = std::move(error);
      add(std::move(bad));
    }
    return going_;
  }

  // Returns what is wrong with the row, or nothing.
  std::string add_row(CsvRow& row) {
    const Columns& c = *columns_;
    for (const std::size_t i : c.unnamed) {
      if (row.fields[i].find_first_not_of(" 0123456789.") == std::string::npos) continue;
      return "column " + std::to_string(i + 1) + " has text but no name in the header";
    }
    std::optional<bool> learned = true;
    if (c.weight && !(learned = read_weight(row.fields[*c.weight]))) {
      return "the weight is \"" + std::string(text::utf8_prefix(row.fields[*c.weight], 40)) +
             "\", expected 0 (context only) or 1 (learned)";
    }
    Speaker speaker = Speaker::kUnknown;
    if (c.role) {
      speaker = options_.speakers.of(row.fields[*c.role]);
      if (speaker == Speaker::kUnknown) {
        return "the role is \"" + std::string(text::utf8_prefix(row.fields[*c.role], 40)) +
               "\", which is not known to be the user's or the assistant's; say it with --speakers "
               "user=NAME,assistant=NAME";
      }
    }
    const std::string id = c.id ? std::move(row.fields[*c.id]) : std::string();
    if (!open_ || id.empty() || id != open_->id) {
      end_conversation();
      if (!id.empty() && !remember(id)) {
        return "conversation \"" + std::string(text::utf8_prefix(id, 40)) +
               "\" appeared before: its rows must follow each other; sort the file by that column";
      }
      open_.emplace();
      open_->line = row.line;
      open_->id = id;
    }
    const auto put = [this](Role role, std::string text, bool is_learned = true) {
      open_bytes_ += text.size();
      open_->messages.push_back({role, std::move(text), is_learned});
    };
    if (c.role) {
      if (speaker == Speaker::kTool) {
        ++open_->left_out;
      } else {
        put(role_of(speaker), std::move(row.fields[*c.content]), *learned);
      }
    } else {
      if (c.system && open_->messages.empty() && !row.fields[*c.system].empty()) {
        put(Role::kSystem, std::move(row.fields[*c.system]));
      }
      put(Role::kUser, c.input ? join_input(row.fields[*c.user], row.fields[*c.input])
                               : std::move(row.fields[*c.user]));
      put(Role::kAssistant, std::move(row.fields[*c.assistant]), *learned);
    }
    if (open_bytes_ > kMaxRecordBytes) {
      open_.reset();
      open_bytes_ = 0;
      return "a conversation of more than " + std::to_string(kMaxRecordBytes / 1'000'000) + " MB";
    }
    return {};
  }

  bool remember(const std::string& id) {
    if (seen_.size() >= kMaxRememberedIds) return true;
    return seen_.insert(XXH3_64bits(id.data(), id.size())).second;
  }

  void end_conversation() {
    if (!open_) return;
    OwnedRecord record = std::move(*open_);
    open_.reset();
    open_bytes_ = 0;
    add(std::move(record));
  }

  void add(OwnedRecord&& record) {
    for (const auto& message : record.messages) pending_bytes_ += message.content.size();
    pending_bytes_ += 64;
    pending_.push_back(std::move(record));
    if (pending_bytes_ >= kChunkBytes) flush();
  }

  void flush() {
    Chunk chunk;
    chunk.file = shown_;
    chunk.records = std::move(pending_);
    chunk.unread = unread_;
    chunk.used = pending_bytes_;
    chunk.input_bytes = file_.bytes_read() - reported_;
    reported_ = file_.bytes_read();
    pending_.clear();
    pending_bytes_ = 0;
    going_ = going_ && push_(std::move(chunk));
  }

  InputFile& file_;
  const ReadOptions& options_;
  const PushChunk& push_;
  std::shared_ptr<const std::string> shown_;
  std::optional<Columns> columns_;
  std::vector<std::string> unread_;
  std::size_t width_ = 0;
  std::optional<OwnedRecord> open_;  // the conversation whose rows are being read
  std::size_t open_bytes_ = 0;
  std::unordered_set<std::uint64_t> seen_;
  std::vector<OwnedRecord> pending_;
  std::size_t pending_bytes_ = 0;
  std::uint64_t reported_ = 0;
  bool going_ = true;
};

}  // namespace

void read_csv_source(InputFile& file, const ReadOptions& options, const PushChunk& push) {
  CsvSource(file, options, push).run();
}

}  // namespace parley::data
