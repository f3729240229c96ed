#include "data/sources/csv_source.hpp"

#include <xxhash.h>

#include <algorithm>
#include <initializer_list>
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

// "Conversation ID" and "conversation-id" are "conversation_id".
std::string normal_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == ' ' || c == '-' || c == '_' || c == '.') {
      if (!out.empty() && out.back() != '_') out.push_back('_');
    } else {
      out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c);
    }
  }
  while (!out.empty() && out.back() == '_') out.pop_back();
  return out;
}

struct Field {
  const char* name;
  std::optional<std::size_t> CsvColumns::* index;
  std::initializer_list<std::string_view> known;
};

const Field kFields[] = {
    {"user",
     &CsvColumns::user,
     {"user", "question", "prompt", "input", "human", "customer", "query", "request", "instruction",
      "user_message", "user_text", "customer_message"}},
    {"assistant",
     &CsvColumns::assistant,
     {"assistant", "answer", "response", "output", "bot", "agent", "reply", "completion", "gpt",
      "assistant_message", "bot_response", "agent_reply", "agent_message"}},
    {"system", &CsvColumns::system, {"system", "system_prompt"}},
    {"role", &CsvColumns::role, {"role", "speaker", "sender", "author", "from"}},
    {"content", &CsvColumns::content, {"content", "message", "text", "value", "utterance", "body"}},
    {"id",
     &CsvColumns::id,
     {"conversation_id", "conversation", "conv_id", "dialogue_id", "dialog_id", "session_id",
      "session", "thread_id", "chat_id", "ticket_id"}},
};

std::string list_of(const std::vector<std::string>& header) {
  std::string list;
  for (std::size_t i = 0; i < header.size(); ++i) {
    if (i == 12) return list + ", …";
    list += (i ? ", " : "") + std::string(text::utf8_prefix(header[i], 40));
  }
  return list;
}

void apply_mapping(const std::vector<std::string>& header, std::string_view mapping,
                   std::string_view place, CsvColumns& columns) {
  while (!mapping.empty()) {
    const std::size_t comma = std::min(mapping.find(','), mapping.size());
    const std::string_view pair = mapping.substr(0, comma);
    mapping.remove_prefix(std::min(comma + 1, mapping.size()));
    const std::size_t equals = pair.find('=');
    const std::string_view name = pair.substr(0, equals);
    const auto* field = std::find_if(std::begin(kFields), std::end(kFields),
                                     [&](const Field& f) { return name == f.name; });
    if (equals == std::string_view::npos || field == std::end(kFields)) {
      fail(ErrorKind::kUsage, "--columns: \"" + std::string(pair) + "\" is not NAME=COLUMN",
           "NAME is one of user, assistant, system, role, content, id; for example --columns "
           "user=question,assistant=answer");
    }
    const std::string_view wanted = pair.substr(equals + 1);
    auto found = std::find(header.begin(), header.end(), wanted);
    if (found == header.end()) {
      found = std::find_if(header.begin(), header.end(), [&](const std::string& h) {
        return normal_name(h) == normal_name(wanted);
      });
    }
    if (found == header.end()) {
      fail(ErrorKind::kInvalidInput,
           std::string(place) + ": no column \"" + std::string(wanted) + "\"; the header has " +
               list_of(header),
           "correct --columns (or `columns:` of the source in parley.yaml)");
    }
    columns.*(field->index) = static_cast<std::size_t>(found - header.begin());
  }
}

std::optional<Role> csv_role(std::string_view name) {
  const std::string role = normal_name(name);
  if (role == "user" || role == "human" || role == "customer" || role == "client" ||
      role == "visitor") {
    return Role::kUser;
  }
  if (role == "assistant" || role == "bot" || role == "agent" || role == "gpt" ||
      role == "chatbot" || role == "support") {
    return Role::kAssistant;
  }
  if (role == "system") return Role::kSystem;
  return std::nullopt;
}

class CsvSource {
 public:
  CsvSource(InputFile& file, std::string_view mapping, const PushChunk& push)
      : file_(file),
        mapping_(mapping),
        push_(push),
        shown_(std::make_shared<std::string>(file.shown())) {}

  void run() {
    std::string block;
    if (!file_.read(block, kReadBlock)) return;
    CsvParser parser(CsvParser::guess_separator(block),
                     [this](CsvRow&& row) { return on_row(std::move(row)); });
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
      columns_ = find_csv_columns(row.fields, mapping_, place);
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
    const CsvColumns& c = *columns_;
    std::optional<Role> role;
    if (c.role) {
      role = csv_role(row.fields[*c.role]);
      if (!role) {
        return "the role is \"" + std::string(text::utf8_prefix(row.fields[*c.role], 40)) +
               "\", expected user, assistant or system (or human, customer, bot, agent)";
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
    auto& messages = open_->messages;
    if (role) {
      messages.emplace_back(*role, std::move(row.fields[*c.content]));
    } else {
      if (c.system && messages.empty() && !row.fields[*c.system].empty()) {
        messages.emplace_back(Role::kSystem, std::move(row.fields[*c.system]));
      }
      messages.emplace_back(Role::kUser, std::move(row.fields[*c.user]));
      messages.emplace_back(Role::kAssistant, std::move(row.fields[*c.assistant]));
    }
    for (std::size_t i = messages.size() - std::min<std::size_t>(messages.size(), 2);
         i < messages.size(); ++i) {
      open_bytes_ += messages[i].second.size();
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
    for (const auto& message : record.messages) pending_bytes_ += message.second.size();
    pending_bytes_ += 64;
    pending_.push_back(std::move(record));
    if (pending_bytes_ >= kChunkBytes) flush();
  }

  void flush() {
    Chunk chunk;
    chunk.file = shown_;
    chunk.records = std::move(pending_);
    chunk.used = pending_bytes_;
    chunk.input_bytes = file_.bytes_read() - reported_;
    reported_ = file_.bytes_read();
    pending_.clear();
    pending_bytes_ = 0;
    going_ = going_ && push_(std::move(chunk));
  }

  InputFile& file_;
  std::string_view mapping_;
  const PushChunk& push_;
  std::shared_ptr<const std::string> shown_;
  std::optional<CsvColumns> columns_;
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

CsvColumns find_csv_columns(const std::vector<std::string>& header, std::string_view mapping,
                            std::string_view place) {
  CsvColumns columns;
  apply_mapping(header, mapping, place, columns);
  const bool chosen = columns.user || columns.assistant || columns.role || columns.content;
  for (const Field& field : kFields) {
    const bool is_text = field.index != &CsvColumns::id && field.index != &CsvColumns::system;
    if (columns.*(field.index) || (chosen && is_text)) continue;
    for (const std::string_view name : field.known) {
      const auto found = std::find_if(header.begin(), header.end(),
                                      [&](const std::string& h) { return normal_name(h) == name; });
      if (found != header.end()) {
        columns.*(field.index) = static_cast<std::size_t>(found - header.begin());
        break;
      }
    }
  }
  if (columns.user && columns.assistant) {
    columns.role = columns.content = std::nullopt;
  } else if (!columns.role || !columns.content) {
    const std::string missing =
        columns.user        ? "a column with the assistant's replies"
        : columns.assistant ? "a column with the user's messages"
                            : "columns with the user's messages and the assistant's replies";
    fail(ErrorKind::kInvalidInput,
         std::string(place) + ": cannot find " + missing + "; the header has " + list_of(header),
         "name them: --columns user=COLUMN,assistant=COLUMN (one exchange a row) or --columns "
         "role=COLUMN,content=COLUMN,id=COLUMN (one message a row)");
  }
  return columns;
}

void read_csv_source(InputFile& file, std::string_view columns, const PushChunk& push) {
  CsvSource(file, columns, push).run();
}

}  // namespace parley::data
