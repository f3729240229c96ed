#include "data/prepare.hpp"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "data/sources/document_source.hpp"
#include "text/clean.hpp"
#include "text/language.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr std::size_t kGiantChunk = 3'000'000;
constexpr std::size_t kMaxIdBytes = 256;

struct CountField {
  const char* name;
  std::uint64_t ImportCounts::* value;
};

constexpr CountField kCountFields[] = {
    {"records", &ImportCounts::records},
    {"stored", &ImportCounts::stored},
    {"bad", &ImportCounts::bad},
    {"dropped_empty", &ImportCounts::dropped_empty},
    {"dropped_no_reply", &ImportCounts::dropped_no_reply},
    {"dropped_unasked", &ImportCounts::dropped_unasked},
    {"empty_messages", &ImportCounts::empty_messages},
    {"tool_messages", &ImportCounts::tool_messages},
    {"openings", &ImportCounts::openings},
    {"weight_zero", &ImportCounts::weight_zero},
    {"texts", &ImportCounts::texts},
    {"changed_bytes", &ImportCounts::changed_bytes},
    {"changed_characters", &ImportCounts::changed_characters},
    {"changed_entities", &ImportCounts::changed_entities},
    {"changed_nfc", &ImportCounts::changed_nfc},
    {"changed_space", &ImportCounts::changed_space},
};

// What the language detector sees: the start of the conversation, or of a document.
std::string_view language_sample(const Record& record, std::string& joined) {
  if (record.is_document()) return record.text;
  joined.clear();
  for (const auto& message : record.messages) {
    if (message.role == "system") continue;
    joined += message.content;
    joined += '\n';
    if (joined.size() >= 256) break;
  }
  return joined;
}

}  // namespace

void ImportCounts::add(const ImportCounts& other) {
  for (const auto& field : kCountFields) this->*(field.value) += other.*(field.value);
}

Json ImportCounts::to_json() const {
  Json json = Json::object();
  for (const auto& field : kCountFields) json[field.name] = this->*(field.value);
  return json;
}

ImportCounts ImportCounts::from_json(const Json& json) {
  ImportCounts counts;
  for (const auto& field : kCountFields)
    counts.*(field.value) = json.value(field.name, std::uint64_t{0});
  return counts;
}

void add_unread(std::map<std::string, std::uint64_t>& sum,
                const std::map<std::string, std::uint64_t>& more) {
  for (const auto& [field, count] : more) {
    if (sum.size() < kMaxUnread || sum.count(field) > 0) sum[field] += count;
  }
}

std::string ChunkPreparer::clean_string(std::string_view text, bool entities,
                                        ImportCounts& counts) {
  text::CleanChanges changes;
  std::string cleaned = text::clean_text(text, {entities}, &changes);
  ++counts.texts;
  counts.changed_bytes += changes.bytes;
  counts.changed_characters += changes.characters;
  counts.changed_entities += changes.entities;
  counts.changed_nfc += changes.nfc;
  counts.changed_space += changes.space;
  return cleaned;
}

bool ChunkPreparer::clean(const RawRecord& raw, Record& record, ImportCounts& counts) {
  ++counts.records;
  counts.tool_messages += static_cast<std::uint64_t>(raw.left_out);
  record.messages.clear();
  record.title.clear();
  record.text.clear();
  if (raw.messages.empty() && raw.left_out == 0 && !raw.text.empty()) {
    record.text = clean_string(raw.text, !raw.unescaped, counts);
    record.title = clean_string(raw.title, !raw.unescaped, counts);
    counts.changed_bytes += raw.repaired > 0;
    if (record.text.empty()) {
      ++counts.dropped_empty;
      return false;
    }
  } else if (!clean_messages(raw, record, counts)) {
    return false;
  }
  record.id = raw.id.empty()
                  ? std::string()
                  : std::string(text::utf8_prefix(text::clean_text(raw.id), kMaxIdBytes));
  return true;
}

bool ChunkPreparer::clean_messages(const RawRecord& raw, Record& record, ImportCounts& counts) {
  bool asked = false, answers = false, replies = false;
  std::uint64_t openings = 0, weight_zero = 0;
  for (const RawMessage& message : raw.messages) {
    std::string content = clean_string(message.content, !raw.unescaped, counts);
    if (content.empty()) {
      ++counts.empty_messages;
      continue;
    }
    const bool assistant = message.role == Role::kAssistant;
    asked = asked || message.role == Role::kUser;
    // What the assistant says before anybody asked is no answer to anything: it is context, so that
    // a model does not learn to begin.
    const bool learned = !assistant || (message.learned && asked);
    weight_zero += assistant && !message.learned;
    openings += assistant && message.learned && !asked;
    answers = answers || assistant;
    replies = replies || (assistant && learned);
    record.messages.push_back({std::string(role_name(message.role)), std::move(content), learned});
  }
  if (!replies) {
    ++(record.messages.empty() ? counts.dropped_empty
       : answers && !asked     ? counts.dropped_unasked
                               : counts.dropped_no_reply);
    return false;
  }
  counts.openings += openings;
  counts.weight_zero += weight_zero;
  return true;
}

void ChunkPreparer::one(const RawRecord& raw, PreparedChunk& out, bool all_languages) {
  for (const std::string_view field : raw.unread) {
    if (out.unread.size() < kMaxUnread || out.unread.count(std::string(field)) > 0) {
      ++out.unread[std::string(field)];
    }
  }
  if (!clean(raw, record_, out.counts)) return;
  ++out.counts.stored;
  RecordIndex index{};
  index.hash = content_hash(record_);
  if (record_.id.empty()) record_.id = fmt::format("{:016x}", index.hash.high);
  index.sketch = make_sketch(shingler_.shingles(record_));
  std::string language;
  if (all_languages || index.hash.low % 16 == 0) {
    std::string joined;
    language = text::detect_language(language_sample(record_, joined));
    std::strncpy(index.language, language.c_str(), sizeof index.language - 1);
  }
  index.offset = out.lines.size();
  append_record_json(record_, language, out.lines);
  index.length = static_cast<std::uint32_t>(out.lines.size() - index.offset);
  out.lines.push_back('\n');
  out.index.push_back(index);
}

PreparedChunk ChunkPreparer::prepare(const Chunk& chunk, bool all_languages) {
  PreparedChunk out;
  out.input_bytes = chunk.input_bytes;
  out.notes = chunk.notes;
  for (const std::string& column : chunk.unread) {
    if (out.unread.size() < kMaxUnread) out.unread[column] = chunk.records.size();
  }
  out.lines.reserve(chunk.used + chunk.used / 16);
  const auto guarded = [&](auto&& parse) {
    try {
      parse();
    } catch (const Error& e) {
      if (!skip_bad_ || e.kind() != ErrorKind::kInvalidInput) throw;
      ++out.counts.bad;
      if (out.bad.size() < kMaxListed) out.bad.push_back(e.message());
      return;
    }
    one(raw_, out, all_languages);
  };
  switch (chunk.kind) {
    case Chunk::Kind::kJsonLines: {
      const std::string_view all(chunk.bytes.data(), chunk.used);
      std::uint64_t line = chunk.first_line;
      for (std::size_t at = 0; at < all.size(); ++line) {
        const std::size_t end = std::min(all.find('\n', at), all.size());
        const std::string_view text = all.substr(at, end - at);
        at = end + 1;
        if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        guarded([&] { json_.parse(text, chunk.shape, {*chunk.file, line}, raw_); });
      }
      break;
    }
    case Chunk::Kind::kJsonPieces:
      for (const JsonPiece& piece : chunk.pieces) {
        const std::string_view text(chunk.bytes.data() + piece.offset, piece.length);
        guarded([&] { json_.parse(text, chunk.shape, {*chunk.file, piece.line}, raw_); });
      }
      break;
    case Chunk::Kind::kDocument:
      guarded([&] { parse_document(chunk, raw_); });
      break;
    case Chunk::Kind::kRecords:
      for (const OwnedRecord& owned : chunk.records) {
        guarded([&] {
          if (!owned.error.empty()) fail_record({*chunk.file, owned.line}, owned.error);
          raw_.clear();
          raw_.id = owned.id;
          raw_.title = owned.title;
          raw_.text = owned.text;
          raw_.unescaped = owned.unescaped;
          raw_.left_out = owned.left_out;
          for (const OwnedMessage& message : owned.messages)
            raw_.messages.push_back({message.role, message.content, message.learned});
        });
      }
      break;
  }
  if (chunk.used > kGiantChunk) {
    json_.release();
    shingler_.release();
    raw_ = {};
    record_ = {};
    ::malloc_trim(0);  // what giant records leave would otherwise stay with this thread
  }
  return out;
}

}  // namespace parley::data
