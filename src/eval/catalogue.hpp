// The titles a scenario may ask for: a table whose first or 'title' column names each row.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "dialogue/grammar_table.hpp"

namespace parley::eval {

class Catalogue {
 public:
  // A CSV file; cells may hold several values separated by ';'. Errors: kNotFound, kInvalidInput
  // FILE:LINE.
  explicit Catalogue(const std::filesystem::path& path);
  explicit Catalogue(dialogue::Table table);

  const dialogue::Table& table() const { return table_; }
  // Rows whose title stands in `text` as whole words, whatever the case. Where one title is part of
  // another that also stands there, only the longer counts.
  std::vector<std::size_t> mentioned(std::string_view text) const;
  const std::string& title(std::size_t row) const { return table_.rows[row][table_.key].front(); }
  // Whether the row's cell holds one of `values`.
  bool has(std::size_t row, int column, const std::vector<std::string>& values) const;

 private:
  dialogue::Table table_;
  std::vector<std::string> lower_titles_;
};

// Lower case (ASCII), runs of white space as one space: how replies and expectations are compared.
std::string normalized(std::string_view text);

}  // namespace parley::eval
