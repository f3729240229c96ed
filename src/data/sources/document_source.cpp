#include "data/sources/document_source.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "data/sources/input_file.hpp"
#include "data/sources/speaker_lines.hpp"
#include "text/html.hpp"
#include "text/html_charset.hpp"
#include "text/markdown.hpp"
#include "text/utf8.hpp"

namespace parley::data {
namespace {

// Where to end a part: behind the last empty line, else line end, else space, else code point of
// `text`.
std::size_t part_end(std::string_view text, std::size_t target) {
  if (text.size() <= target) return text.size();
  const std::string_view part = text.substr(0, target);
  for (const std::string_view cut :
       {std::string_view("\n\n"), std::string_view("\n"), std::string_view(" ")}) {
    const std::size_t at = part.rfind(cut);
    if (at != std::string_view::npos && at > target / 4) return at + cut.size();
  }
  const std::size_t whole = text::utf8_prefix(text, target).size();
  return whole > 0 ? whole : target;
}

DocumentKind kind_of(Format format) {
  return format == Format::kHtml       ? DocumentKind::kHtml
         : format == Format::kMarkdown ? DocumentKind::kMarkdown
                                       : DocumentKind::kPlain;
}

}  // namespace

void read_document_source(InputFile& file, const SourceFile& source, const ReadOptions& options,
                          const PushChunk& push) {
  const auto shown = std::make_shared<std::string>(file.shown());
  const DocumentKind kind = kind_of(source.format);
  const std::string stem = source.path.stem().string();
  std::uint64_t reported = 0;
  const auto note_of = [&](const std::string& note) {
    return note.empty() ? std::vector<std::string>()
                        : std::vector<std::string>{*shown + ": " + note};
  };
  const auto send = [&](std::string bytes, std::string id, std::string title,
                        const std::string& note = {}) {
    Chunk chunk;
    chunk.notes = note_of(note);
    chunk.kind = Chunk::Kind::kDocument;
    chunk.file = shown;
    chunk.document = kind;
    chunk.id = std::move(id);
    chunk.title = std::move(title);
    chunk.used = bytes.size();
    chunk.bytes = std::move(bytes);
    chunk.input_bytes = file.bytes_read() - reported;
    reported = file.bytes_read();
    return push(std::move(chunk));
  };
  const auto send_bad = [&](std::string why) {
    Chunk bad;
    bad.file = shown;
    bad.records.emplace_back();
    bad.records.back().error = std::move(why);
    push(std::move(bad));
  };
  const auto send_conversations = [&](SpeakerLines&& lines) {
    Chunk chunk;
    chunk.file = shown;
    chunk.notes = note_of(lines.note);
    chunk.records = std::move(lines.conversations);
    int number = 0;
    for (OwnedRecord& record : chunk.records) {
      record.id = *shown + "#" + std::to_string(++number);
      for (const OwnedMessage& message : record.messages) chunk.used += message.content.size();
    }
    chunk.input_bytes = file.bytes_read() - reported;
    push(std::move(chunk));
  };
  std::string buffer;
  const bool may_speak = source.speaks && kind != DocumentKind::kHtml;
  bool in_parts = kind == DocumentKind::kPlain && file.size() > kLongText;
  if (in_parts && may_speak) {
    // A long log of conversations is read whole; a long text is not held for it.
    if (!file.read(buffer, kReadBlock)) return;
    const std::string_view start = std::string_view(buffer).substr(0, buffer.rfind('\n') + 1);
    in_parts = read_speaker_lines(start, false, options.speakers).conversations.empty();
  }
  int part = 0;
  bool more = true;
  while (more) {
    more = file.read(buffer, kReadBlock);
    if (!in_parts) {
      if (buffer.size() > kMaxRecordBytes) {
        send_bad("a document of more than " + std::to_string(kMaxRecordBytes / 1'000'000) +
                 " MB; split it");
        return;
      }
      continue;
    }
    std::size_t at = 0;
    while (buffer.size() - at > (more ? 2 * kTextPart : 0)) {
      const std::size_t length = part_end(std::string_view(buffer).substr(at), kTextPart);
      const std::string number = std::to_string(++part);
      if (!send(buffer.substr(at, length), *shown + "#" + number, stem + ", part " + number))
        return;
      at += length;
    }
    buffer.erase(0, at);
  }
  if (in_parts) return;
  SpeakerLines lines;
  if (may_speak && buffer.find('\0') == std::string::npos) {
    lines = read_speaker_lines(buffer, kind == DocumentKind::kMarkdown, options.speakers);
  }
  if (lines.conversations.empty()) {
    send(std::move(buffer), *shown, stem, lines.note);
  } else if (!text::is_valid_utf8(buffer)) {
    send_bad("invalid UTF-8 in a conversation; save the file as UTF-8");
  } else {
    send_conversations(std::move(lines));
  }
}

void parse_document(const Chunk& chunk, RawRecord& record) {
  record.clear();
  record.id = chunk.id;
  const Place place{*chunk.file};
  std::string_view bytes(chunk.bytes.data(), chunk.used);
  if (bytes.find('\0') != std::string_view::npos) {
    fail_record(place, "binary data, not text",
                "remove the file from the folder, or run again with --skip-bad");
  }
  if (chunk.document == DocumentKind::kHtml) {
    bytes = record.owned.emplace_back(text::decode_page(bytes, &record.repaired));
  } else if (!text::is_valid_utf8(bytes)) {
    bytes = record.owned.emplace_back(text::repair_utf8(bytes, &record.repaired));
  }
  text::PlainText plain;
  if (chunk.document == DocumentKind::kHtml) {
    plain = text::html_to_text(bytes);
  } else if (chunk.document == DocumentKind::kMarkdown) {
    plain = text::markdown_to_text(bytes);
  }
  if (chunk.document == DocumentKind::kPlain) {
    record.text = bytes;
    record.title = chunk.title;
    return;
  }
  record.unescaped = true;
  std::string& text = record.owned.emplace_back(std::move(plain.text));
  if (plain.title.empty()) {
    record.title = chunk.title;
  } else {
    if (text.compare(0, plain.title.size(), plain.title) != 0) text.insert(0, plain.title + "\n\n");
    record.title = record.owned.emplace_back(std::move(plain.title));
  }
  record.text = text;
}

}  // namespace parley::data
