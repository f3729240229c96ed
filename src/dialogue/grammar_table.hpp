// Tables of a grammar and of a project's catalogue: named columns, each cell a list of texts (a
// plain cell has one).
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"

namespace parley::dialogue {

using Cell = std::vector<std::string>;

struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<Cell>> rows;  // rows[r][c]
  std::vector<double> weights;          // one per row, for random draws
  int key = 0;                          // the column that stands for a row

  int column(std::string_view column_name) const;  // -1 when there is none
};

// A CSV file (RFC 4180, UTF-8, a header line; cells of list columns separated by ';'), or a YAML
// list of maps. `lists` names CSV list columns; `weight` and `key` may be empty. Errors name
// FILE:LINE and the column.
Table read_table(const std::filesystem::path& path, std::string_view name,
                 const std::vector<std::string>& lists, std::string_view weight,
                 std::string_view key);

// Rows of a YAML list of maps; `where` names the file.
Table table_of_rows(const yaml::Value& rows, std::string_view where, std::string_view name,
                    std::string_view weight, std::string_view key);

}  // namespace parley::dialogue
