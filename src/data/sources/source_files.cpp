#include "data/sources/source_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/error.hpp"
#include "base/suggest.hpp"
#include "data/settings.hpp"
#include "data/sources/file_kinds.hpp"
#include "data/sources/input_file.hpp"

namespace parley::data {
namespace {
namespace fs = std::filesystem;

std::string extension_of(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return extension;
}

template <std::size_t N>
bool is_in(const std::string& extension, const std::array<const char*, N>& list) {
  return std::find(list.begin(), list.end(), extension) != list.end();
}

constexpr std::array kMarkdownExtensions = {".md", ".markdown", ".mdx", ".mkd"};
constexpr std::array kHtmlExtensions = {".html", ".htm", ".xhtml"};
constexpr std::array kPlainExtensions = {".txt", ".text", ".rst", ".adoc", ".org"};

constexpr std::size_t kStartBytes = 1u << 16;  // of a file, looked at to tell its format

char first_character(const std::string& start) {
  const std::size_t at = start.find_first_not_of(" \t\r\n");
  return at == std::string::npos ? '\0' : start[at];
}

// Does the file that starts so hold nothing but white space?
bool is_blank(const std::string& start) {
  return start.find_first_not_of(" \t\r\n") == std::string::npos && start.size() < kStartBytes;
}

bool starts_like_html(const std::string& start) {
  std::string low = start.substr(0, 512);
  for (char& c : low) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return low.find("<!doctype html") != std::string::npos || low.find("<html") != std::string::npos;
}

// Is the first line, on its own, a whole JSON value? Then a .json file holds a record a line.
bool first_line_is_whole(const std::string& start) {
  const std::size_t from = start.find_first_not_of(" \t\r\n");
  if (from == std::string::npos) return false;
  const std::size_t end = std::min(start.find('\n', from), start.size());
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = from; i < end; ++i) {
    const char c = start[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return depth == 0;
}

std::optional<Format> by_extension(const std::string& extension) {
  if (extension == ".jsonl" || extension == ".ndjson") return Format::kJsonLines;
  if (extension == ".json") return Format::kJsonValues;
  if (extension == ".csv" || extension == ".tsv") return Format::kCsv;
  if (is_in(extension, kMarkdownExtensions)) return Format::kMarkdown;
  if (is_in(extension, kHtmlExtensions)) return Format::kHtml;
  if (is_in(extension, kPlainExtensions)) return Format::kPlain;
  return std::nullopt;
}

// Nothing when the format cannot be told. `start` is the beginning of the file.
std::optional<Format> place(const std::string& wanted, const fs::path& path,
                            const std::string& start) {
  const std::string extension = extension_of(path);
  const std::optional<Format> named = by_extension(extension);
  const bool html = starts_like_html(start);
  if (wanted == "openai") return Format::kOpenAi;
  if (wanted == "sharegpt") return Format::kShareGpt;
  if (wanted == "csv") return Format::kCsv;
  if (wanted == "document") {
    if (named == Format::kMarkdown || named == Format::kHtml) return named;
    return html ? Format::kHtml : Format::kPlain;
  }
  if (named) return named;
  const char first = first_character(start);
  if (first == '{' || first == '[') return Format::kJsonValues;
  if (html) return Format::kHtml;
  return std::nullopt;
}

std::string read_start(const fs::path& path, const std::string& shown) {
  InputFile file(path, shown);
  std::string start;
  while (start.size() < kStartBytes && file.read(start, kStartBytes - start.size())) {
  }
  return start;
}

SourceFile make_file(const fs::path& path, std::string shown, Format format,
                     const std::string& start, bool speaks) {
  SourceFile file{path, std::move(shown), format, true, speaks};
  if (format == Format::kJsonValues || format == Format::kOpenAi || format == Format::kShareGpt) {
    file.by_lines = extension_of(path) == ".jsonl" || extension_of(path) == ".ndjson" ||
                    first_line_is_whole(start);
  }
  return file;
}

SourceFile single_file(const fs::path& root, const fs::path& path, const std::string& wanted) {
  const std::string shown = source_name(root, path);
  const std::string start = read_start(path, shown);
  if (is_blank(start)) {
    fail(ErrorKind::kInvalidInput, shown + ": the file is empty",
         "give a file with conversations or documents in it");
  }
  if (const auto kind = binary_kind(extension_of(path), start)) {
    fail(ErrorKind::kInvalidInput, shown + ": " + std::string(kind->what) + ", not text",
         std::string(kind->advice));
  }
  const auto format = place(wanted, path, start);
  if (!format && start.find('\0') != std::string::npos) {
    fail(ErrorKind::kInvalidInput, shown + ": binary data, not text",
         "export what it says as text, HTML, Markdown, CSV or JSONL, and add that");
  }
  if (!format) {
    fail(ErrorKind::kInvalidInput,
         shown + ": cannot tell the format from its name (" +
             (path.has_extension() ? path.extension().string() : "no extension") +
             ") or its beginning",
         "say it: --format openai, sharegpt, csv or document");
  }
  return make_file(path, shown, *format, start, wanted != "document");
}

void add_found(const fs::path& root, const fs::path& path, const std::string& wanted,
               SourceListing& listing) {
  const std::string shown = source_name(root, path);
  const std::string start = read_start(path, shown);
  const auto kind = binary_kind(extension_of(path), start);
  const auto format = kind ? std::nullopt : place(wanted, path, start);
  if (kind) {
    listing.ignored.push_back(shown + ": " + std::string(kind->what) + "; " +
                              std::string(kind->advice));
  } else if (!format) {
    listing.ignored.push_back(shown + ": not a known kind of file");
  } else if (is_blank(start)) {
    listing.ignored.push_back(shown + ": empty");
  } else {
    listing.files.push_back(make_file(path, shown, *format, start, wanted != "document"));
  }
}

bool is_hidden(const fs::path& path) {
  const std::string name = path.filename().string();
  return name.size() > 1 && name[0] == '.' && name != "..";
}

// Regular files below `folder`, hidden ones excluded, links to folders not followed.
std::vector<fs::path> files_below(const fs::path& folder, const std::string& shown) {
  std::vector<fs::path> files;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (is_hidden(it->path())) {
      it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      files.push_back(it->path());
    }
  }
  if (error)
    fail_errno("cannot list " + shown, error.value(), "check the permissions of the folder");
  std::sort(files.begin(), files.end());
  return files;
}

// fnmatch() of one path component; "**" stands for any number of folders.
bool glob_matches(const std::vector<std::string>& pattern, std::size_t p,
                  const std::vector<std::string>& path, std::size_t n) {
  if (p == pattern.size()) return n == path.size();
  if (pattern[p] == "**") {
    for (std::size_t skip = n; skip <= path.size(); ++skip) {
      if (glob_matches(pattern, p + 1, path, skip)) return true;
    }
    return false;
  }
  return n < path.size() && ::fnmatch(pattern[p].c_str(), path[n].c_str(), FNM_PERIOD) == 0 &&
         glob_matches(pattern, p + 1, path, n + 1);
}

std::vector<std::string> components(const fs::path& path) {
  std::vector<std::string> parts;
  for (const auto& part : path) {
    if (!part.empty() && part != "/" && part != ".") parts.push_back(part.string());
  }
  return parts;
}

bool has_wildcard(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

std::vector<fs::path> glob_files(const fs::path& pattern, const std::string& shown) {
  fs::path base;  // the part without wildcards
  fs::path rest;
  for (const auto& part : pattern) {
    if (rest.empty() && !has_wildcard(part.string())) {
      base /= part;
    } else {
      rest /= part;
    }
  }
  std::error_code error;
  if (!fs::is_directory(base, error)) return {};
  const auto wanted = components(rest);
  const bool deep = wanted.size() > 1;
  std::vector<fs::path> matches;
  if (!deep) {
    for (const auto& entry : fs::directory_iterator(base, error)) {
      if (!is_hidden(entry.path()) && entry.is_regular_file() &&
          ::fnmatch(wanted[0].c_str(), entry.path().filename().c_str(), FNM_PERIOD) == 0) {
        matches.push_back(entry.path());
      }
    }
    std::sort(matches.begin(), matches.end());
    return matches;
  }
  for (const fs::path& file : files_below(base, shown)) {
    if (glob_matches(wanted, 0, components(file.lexically_relative(base)), 0))
      matches.push_back(file);
  }
  return matches;
}

}  // namespace

std::string source_name(const fs::path& root, const fs::path& path) {
  const fs::path absolute = (path.is_absolute() ? path : root / path).lexically_normal();
  const fs::path relative = absolute.lexically_relative(root.lexically_normal());
  std::string name =
      relative.empty() || *relative.begin() == ".." ? absolute.string() : relative.string();
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return name;
}

bool is_absent(const fs::path& root, const std::string& path) {
  const fs::path full =
      (fs::path(path).is_absolute() ? fs::path(path) : root / path).lexically_normal();
  const std::string shown = source_name(root, full);
  std::error_code error;
  const fs::file_status status = fs::status(full, error);
  if (fs::is_directory(status)) return files_below(full, shown).empty();
  if (fs::exists(status)) return false;
  return !has_wildcard(path) || glob_files(full, shown).empty();
}

SourceListing list_source(const fs::path& root, const std::string& path, std::string_view format) {
  const std::string wanted(format.empty() ? "auto" : format);
  if (std::find(kDataFormats.begin(), kDataFormats.end(), wanted) == kDataFormats.end()) {
    fail(ErrorKind::kUsage, "unknown format \"" + wanted + "\"", "use " + one_of(kDataFormats));
  }
  const fs::path full =
      (fs::path(path).is_absolute() ? fs::path(path) : root / path).lexically_normal();
  const std::string shown = source_name(root, full);
  SourceListing listing;
  std::error_code error;
  const fs::file_status status = fs::status(full, error);
  if (fs::is_directory(status)) {
    for (const fs::path& file : files_below(full, shown)) add_found(root, file, wanted, listing);
    if (listing.files.empty() && listing.ignored.empty()) {
      fail(ErrorKind::kInvalidInput, shown + ": the folder is empty",
           "put .jsonl, .json, .csv, .md, .html or .txt files in it");
    }
  } else if (fs::exists(status) || !has_wildcard(path)) {
    listing.files.push_back(single_file(root, full, wanted));
    return listing;
  } else {
    for (const fs::path& file : glob_files(full, shown)) add_found(root, file, wanted, listing);
    if (listing.files.empty() && listing.ignored.empty()) {
      fail(ErrorKind::kNotFound, shown + ": no file matches",
           "check the pattern; ** stands for any folders");
    }
  }
  if (listing.files.empty()) {
    fail(ErrorKind::kInvalidInput,
         shown + ": nothing usable among " + std::to_string(listing.ignored.size()) + " files (" +
             listing.ignored.front() + ")",
         "Parley reads .jsonl, .json, .csv, .md, .html and .txt; for other names say --format");
  }
  return listing;
}

}  // namespace parley::data
