#include "eval/catalogue.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace parley::eval {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

dialogue::Table with_lists(const std::filesystem::path& path) {
  // Every column may hold a list: a text without ';' is a list of one.
  const dialogue::Table plain = dialogue::read_table(path, "catalogue", {}, "", "");
  return dialogue::read_table(path, "catalogue", plain.columns, "",
                              plain.column("title") >= 0 ? "title" : "");
}

}  // namespace

std::string normalized(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (!out.empty() && out.back() != ' ') out += ' ';
    } else {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    }
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Catalogue::Catalogue(const std::filesystem::path& path) : Catalogue(with_lists(path)) {}

Catalogue::Catalogue(dialogue::Table table) : table_(std::move(table)) {
  for (const auto& row : table_.rows) {
    const dialogue::Cell& cell = row[table_.key];
    if (cell.empty()) fail(ErrorKind::kInvalidInput, "catalogue: a row without a title");
    lower_titles_.push_back(normalized(cell.front()));
  }
}

std::vector<std::size_t> Catalogue::mentioned(std::string_view text) const {
  const std::string where = normalized(text);
  struct Hit {
    std::size_t from, to, row;
  };
  std::vector<Hit> hits;
  for (std::size_t row = 0; row < lower_titles_.size(); ++row) {
    const std::string& title = lower_titles_[row];
    for (std::size_t at = where.find(title); at != std::string::npos;
         at = where.find(title, at + 1)) {
      const std::size_t end = at + title.size();
      if ((at == 0 || !is_word(where[at - 1])) && (end == where.size() || !is_word(where[end]))) {
        hits.push_back({at, end, row});
      }
    }
  }
  std::vector<std::size_t> rows;
  for (const Hit& hit : hits) {
    const bool inside_longer = std::any_of(hits.begin(), hits.end(), [&](const Hit& other) {
      return other.from <= hit.from && other.to >= hit.to &&
             other.to - other.from > hit.to - hit.from;
    });
    if (!inside_longer && std::find(rows.begin(), rows.end(), hit.row) == rows.end())
      rows.push_back(hit.row);
  }
  return rows;
}

bool Catalogue::has(std::size_t row, int column, const std::vector<std::string>& values) const {
  const dialogue::Cell& cell = table_.rows[row][column];
  return std::any_of(values.begin(), values.end(), [&](const std::string& value) {
    return std::any_of(cell.begin(), cell.end(), [&](const std::string& each) {
      return normalized(each) == normalized(value);
    });
  });
}

}  // namespace parley::eval
