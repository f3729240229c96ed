#include "dialogue/grammar_table.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/suggest.hpp"

namespace parley::dialogue {
namespace {

constexpr std::size_t kMaxRows = 100'000;

struct CsvRow {
  int line = 1;
  std::vector<std::string> cells;
};

std::vector<CsvRow> parse_csv(std::string_view text, std::string_view where) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  std::vector<CsvRow> rows;
  int line = 1;
  for (std::size_t i = 0; i < text.size();) {
    CsvRow row;
    row.line = line;
    bool more = true;
    while (more) {
      std::string cell;
      if (i < text.size() && text[i] == '"') {
        const int opened = line;
        for (++i;; ++i) {
          if (i >= text.size()) yaml::fail_at(where, opened, "a quoted cell has no closing quote");
          if (text[i] == '\n') ++line;
          if (text[i] != '"') {
            cell += text[i];
          } else if (i + 1 < text.size() && text[i + 1] == '"') {
            cell += text[i++];
          } else {
            break;
          }
        }
        ++i;
        if (i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r') {
          yaml::fail_at(where, line, "text after the closing quote of a cell",
                        "double a quote that is part of the text");
        }
      } else {
        while (i < text.size() && text[i] != ',' && text[i] != '\n' && text[i] != '\r')
          cell += text[i++];
      }
      row.cells.push_back(std::move(cell));
      more = i < text.size() && text[i] == ',';
      if (more) ++i;
    }
    if (i < text.size() && text[i] == '\r') ++i;
    if (i < text.size() && text[i] == '\n') ++i;
    ++line;
    if (row.cells.size() == 1 && row.cells[0].empty()) continue;  // blank line
    rows.push_back(std::move(row));
    if (rows.size() > kMaxRows)
      fail(ErrorKind::kLimit, std::string(where) + ": more than 100000 rows");
  }
  return rows;
}

Cell split_list(const std::string& text) {
  Cell parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t to = std::min(text.find(';', from), text.size());
    const std::size_t first = text.find_first_not_of(' ', from);
    if (first < to)
      parts.push_back(text.substr(first, text.find_last_not_of(' ', to - 1) + 1 - first));
    from = to + 1;
  }
  return parts;
}

int require_column(const Table& table, std::string_view column, std::string_view where, int line) {
  const int found = table.column(column);
  if (found < 0) {
    yaml::fail_at(where, line,
                  "table '" + table.name + "' has no column '" + std::string(column) + "'" +
                      did_you_mean(column, table.columns));
  }
  return found;
}

void finish(Table& table, std::string_view where, std::string_view weight, std::string_view key,
            const std::vector<int>& lines) {
  if (table.rows.empty()) yaml::fail_at(where, 1, "table '" + table.name + "' has no rows");
  if (!key.empty()) table.key = require_column(table, key, where, 1);
  table.weights.assign(table.rows.size(), 1.0);
  if (weight.empty()) return;
  const int column = require_column(table, weight, where, 1);
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    yaml::Value value;
    value.kind = yaml::Kind::kScalar;
    value.text = table.rows[r][column].empty() ? "" : table.rows[r][column][0];
    const auto number = value.as_number();
    if (!number || *number < 0 || *number > 1e6) {
      yaml::fail_at(where, lines[r],
                    std::string(weight) + ": expected a weight from 0 to 1000000, found " +
                        yaml::describe(value));
    }
    table.weights[r] = *number;
  }
}

}  // namespace

int Table::column(std::string_view column_name) const {
  const auto found = std::find(columns.begin(), columns.end(), column_name);
  return found == columns.end() ? -1 : static_cast<int>(found - columns.begin());
}

Table read_table(const std::filesystem::path& path, std::string_view name,
                 const std::vector<std::string>& lists, std::string_view weight,
                 std::string_view key) {
  const std::string where = path.filename().string();
  if (path.extension() == ".yaml" || path.extension() == ".yml") {
    return table_of_rows(yaml::load(path), where, name, weight, key);
  }
  auto rows = parse_csv(read_file(path, 64u << 20), where);
  Table table;
  table.name = name;
  if (rows.empty()) yaml::fail_at(where, 1, "empty, expected a header line of column names");
  table.columns = rows[0].cells;
  std::vector<bool> is_list(table.columns.size());
  for (const std::string& list : lists) is_list[require_column(table, list, where, 1)] = true;
  std::vector<int> lines;
  for (std::size_t r = 1; r < rows.size(); ++r) {
    if (rows[r].cells.size() != table.columns.size()) {
      yaml::fail_at(where, rows[r].line,
                    std::to_string(rows[r].cells.size()) + " cells, expected " +
                        std::to_string(table.columns.size()) + " as in the header",
                    "put cells that contain a comma in quotes");
    }
    std::vector<Cell> cells;
    for (std::size_t c = 0; c < table.columns.size(); ++c) {
      std::string& text = rows[r].cells[c];
      cells.push_back(is_list[c]     ? split_list(text)
                      : text.empty() ? Cell{}
                                     : Cell{std::move(text)});
    }
    table.rows.push_back(std::move(cells));
    lines.push_back(rows[r].line);
  }
  finish(table, where, weight, key, lines);
  return table;
}

Table table_of_rows(const yaml::Value& rows, std::string_view where, std::string_view name,
                    std::string_view weight, std::string_view key) {
  if (!rows.is_list()) {
    yaml::fail_at(where, rows.line,
                  "table '" + std::string(name) + "': expected a list of rows, found " +
                      yaml::describe(rows));
  }
  Table table;
  table.name = name;
  std::vector<int> lines;
  for (const yaml::Value& row : rows.items) {
    if (!row.is_map()) {
      yaml::fail_at(where, row.line,
                    "table '" + table.name + "': expected a map of 'column: value', found " +
                        yaml::describe(row));
    }
    for (const yaml::Entry& entry : row.entries) {
      if (table.column(entry.key) < 0) table.columns.push_back(entry.key);
    }
    if (table.columns.size() > 200) yaml::fail_at(where, row.line, "more than 200 columns");
  }
  for (const yaml::Value& row : rows.items) {
    std::vector<Cell> cells(table.columns.size());
    for (const yaml::Entry& entry : row.entries) {
      Cell& cell = cells[table.column(entry.key)];
      const auto add = [&](const yaml::Value& value) {
        if (!value.is_scalar()) {
          yaml::fail_at(where, value.line,
                        "table '" + table.name + "': column '" + entry.key +
                            "': expected a text or a list of texts");
        }
        cell.push_back(value.text);
      };
      if (entry.value.is_list()) {
        for (const yaml::Value& item : entry.value.items) add(item);
      } else if (!entry.value.is_null()) {
        add(entry.value);
      }
    }
    table.rows.push_back(std::move(cells));
    lines.push_back(row.line);
  }
  finish(table, where, weight, key, lines);
  return table;
}

}  // namespace parley::dialogue
