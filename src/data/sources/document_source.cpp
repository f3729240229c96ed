#include "data/sources/document_source.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "data/sources/input_file.hpp"
#include "text/html.hpp"
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

void read_document_source(InputFile& file, const SourceFile& source, const PushChunk& push) {
  const auto shown = std::make_shared<std::string>(file.shown());
  const DocumentKind kind = kind_of(source.format);
  const std::string stem = source.path.stem().string();
  std::uint64_t reported = 0;
  const auto send = [&](std::string bytes, std::string id, std::string title) {
    Chunk chunk;
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
  std::string buffer;
  const bool in_parts = kind == DocumentKind::kPlain && file.size() > kLongText;
  int part = 0;
  bool more = true;
  while (more) {
    more = file.read(buffer, kReadBlock);
    if (!in_parts) {
      if (buffer.size() > kMaxRecordBytes) {
        Chunk bad;
        bad.file = shown;
        bad.records.emplace_back();
        bad.records.back().error = "a document of more than " +
                                   std::to_string(kMaxRecordBytes / 1'000'000) + " MB; split it";
        push(std::move(bad));
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
  if (!in_parts) send(std::move(buffer), *shown, stem);
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
  if (!text::is_valid_utf8(bytes)) {
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
