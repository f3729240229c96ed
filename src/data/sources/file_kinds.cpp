#include "data/sources/file_kinds.hpp"

#include <algorithm>
#include <string>

#include "text/utf8.hpp"

namespace parley::data {
namespace {

constexpr FileKind kPdf = {
    "a PDF", "export it as text, HTML or Markdown (pdftotext FILE.pdf), and add that"};
constexpr FileKind kWriting = {
    "a document of a word processor",
    "save it there as HTML, Markdown or plain text in UTF-8, and add that"};
constexpr FileKind kSheet = {"a spreadsheet", "save its sheet there as CSV in UTF-8, and add that"};
constexpr FileKind kSlides = {"a presentation", "export its text, and add that"};
constexpr FileKind kBook = {"an e-book", "convert it to HTML or plain text, and add that"};
constexpr FileKind kMail = {"a mailbox of a mail program",
                            "export the messages as text or CSV, and add that"};
constexpr FileKind kOffice = {"an office document",
                              "save it as HTML, plain text or CSV in UTF-8, and add that"};
constexpr FileKind kPacked = {"a packed file", "unpack it first and add what is inside"};
constexpr FileKind kImage = {"an image",
                             "write down what it says as text or Markdown, and add that"};
constexpr FileKind kAudio = {
    "a sound recording", "transcribe it to text with speaker lines (Customer: …), and add that"};
constexpr FileKind kVideo = {
    "a video", "transcribe it to text with speaker lines (Customer: …), and add that"};
constexpr FileKind kTable = {"a table of columns in binary form",
                             "convert it to JSONL or CSV, and add that"};
constexpr FileKind kDatabase = {"a database", "export what is to be learned as CSV, and add that"};
constexpr FileKind kProgram = {"a program", "leave it out"};

struct Named {
  std::string_view extensions;  // each between spaces
  FileKind kind;
};

constexpr Named kNamed[] = {
    {" .pdf ", kPdf},
    {" .docx .doc .docm .odt .rtf .pages ", kWriting},
    {" .xlsx .xls .xlsm .ods .numbers ", kSheet},
    {" .pptx .ppt .odp .key ", kSlides},
    {" .epub .mobi .azw3 ", kBook},
    {" .msg .pst .ost ", kMail},
    {" .gz .zst .zip .xz .bz2 .tar .tgz .7z .rar .lz4 .br ", kPacked},
    {" .png .jpg .jpeg .gif .webp .bmp .tif .tiff .heic .avif .ico ", kImage},
    {" .mp3 .wav .ogg .oga .opus .flac .m4a .aac .wma .amr ", kAudio},
    {" .mp4 .m4v .mov .mkv .webm .avi .wmv .mpg .mpeg ", kVideo},
    {" .parquet .arrow .feather .orc .avro ", kTable},
    {" .db .sqlite .sqlite3 .mdb .accdb ", kDatabase},
};

struct Begun {
  std::string_view start;
  FileKind kind;
};

using namespace std::string_view_literals;

constexpr Begun kBegun[] = {
    {"%PDF-"sv, kPdf},
    {"{\\rtf"sv, kWriting},
    {"\x1f\x8b"sv, kPacked},
    {"\x28\xb5\x2f\xfd"sv, kPacked},
    {"\xfd"
     "7zXZ\0"sv,
     kPacked},
    {"BZh91AY&SY"sv, kPacked},
    {"7z\xbc\xaf\x27\x1c"sv, kPacked},
    {"Rar!\x1a"sv, kPacked},
    {"PK\x03\x04"sv, kPacked},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"sv, kOffice},
    {"\x89PNG"sv, kImage},
    {"\xff\xd8\xff"sv, kImage},
    {"GIF87a"sv, kImage},
    {"GIF89a"sv, kImage},
    {"II*\0"sv, kImage},
    {"MM\0*"sv, kImage},
    {"ID3\x02"sv, kAudio},
    {"ID3\x03"sv, kAudio},
    {"ID3\x04"sv, kAudio},
    {"OggS\0"sv, kAudio},
    {"fLaC\0"sv, kAudio},
    {"\x1a\x45\xdf\xa3"sv, kVideo},
    {"PAR1"sv, kTable},
    {"ARROW1\0"sv, kTable},
    {"SQLite format 3\0"sv, kDatabase},
    {"\x7f"
     "ELF"sv,
     kProgram},
};

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

// Containers that say what they hold behind their first bytes.
std::optional<FileKind> by_container(std::string_view start) {
  if (starts_with(start, "RIFF")) {
    const std::string_view form = start.substr(std::min<std::size_t>(8, start.size()), 4);
    if (form == "WAVE") return kAudio;
    if (form == "AVI ") return kVideo;
    if (form == "WEBP") return kImage;
  }
  if (start.size() > 12 && start.substr(4, 4) == "ftyp") {
    const std::string_view brand = start.substr(8, 4);
    if (brand == "heic" || brand == "avif" || brand == "mif1") return kImage;
    return brand.substr(0, 3) == "M4A" ? kAudio : kVideo;
  }
  return std::nullopt;
}

std::optional<FileKind> by_name(std::string_view extension) {
  const std::string wanted = " " + std::string(extension) + " ";
  for (const Named& named : kNamed) {
    if (named.extensions.find(wanted) != std::string_view::npos) return named.kind;
  }
  return std::nullopt;
}

std::optional<FileKind> by_bytes(std::string_view start) {
  for (const Begun& begun : kBegun) {
    if (starts_with(start, begun.start)) return begun.kind;
  }
  return by_container(start);
}

}  // namespace

std::optional<FileKind> binary_kind(std::string_view extension, std::string_view start) {
  const auto kind = by_bytes(start);
  // A table that was saved as text under the name of a spreadsheet is one.
  const std::string_view whole =
      start.size() < 1024 ? start : text::utf8_prefix(start, start.size() - 4);
  if (!kind && start.find('\0') == std::string_view::npos && text::is_valid_utf8(whole)) {
    return std::nullopt;
  }
  // The name says more than the bytes: a .docx is a packed folder.
  const auto named = extension.empty() ? std::nullopt : by_name(extension);
  return named ? named : kind;
}

}  // namespace parley::data
