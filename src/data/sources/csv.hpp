// CSV as RFC 4180 has it: fields separated by a comma (or semicolon or tab, seen from the header),
// quoted with ", a quote inside quotes doubled, line ends inside quotes kept. Lines may end in \n,
// \r\n or \r.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace parley::data {

struct CsvRow {
  std::vector<std::string> fields;
  std::uint64_t line = 0;  // where it starts
  std::string error;       // not empty: malformed, and why; fields are what was read so far
};

// Takes the input in pieces of any size and hands out rows. Empty lines are no rows.
class CsvParser {
 public:
  using OnRow = std::function<bool(CsvRow&&)>;  // false: stop

  explicit CsvParser(char separator, OnRow on_row)
      : separator_(separator), on_row_(std::move(on_row)) {}

  bool feed(std::string_view bytes);  // false: the receiver said stop
  bool finish();                      // at the end of the input

  // The separator the first line speaks for: the most frequent of , ; and tab outside quotes.
  static char guess_separator(std::string_view start);

 private:
  enum class At { kRowStart, kFieldStart, kPlain, kQuoted, kQuoteInQuoted, kAfterCr, kSkipLine };
  bool end_row();
  void end_field();
  bool bad_row(std::string why);
  void put(char c) {
    field_.push_back(c);
    ++row_bytes_;
  }

  const char separator_;
  OnRow on_row_;
  At at_ = At::kRowStart;
  std::uint64_t line_ = 1;
  std::size_t row_bytes_ = 0;
  std::string field_;
  CsvRow row_;
};

}  // namespace parley::data
