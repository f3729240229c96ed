// CSV as RFC 4180 has it: fields separated by a comma (or what else the header or Excel's first
// line speaks for), quoted with ", a quote inside quotes doubled, line ends inside quotes kept.
// Lines may end in \n,
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

  struct Dialect {
    char separator = ',';
    std::uint64_t first_line = 1;  // the number of the line that the parser is fed first
  };

  CsvParser(Dialect dialect, OnRow on_row)
      : separator_(dialect.separator), on_row_(std::move(on_row)), line_(dialect.first_line) {}

  bool feed(std::string_view bytes);  // false: the receiver said stop
  bool finish();                      // at the end of the input

  // How a file that starts so is written. A first line "sep=X", which Excel writes and reads, is
  // taken off; else the separator is the most frequent of , ; | and tab in the first line outside
  // quotes.
  static Dialect take_dialect(std::string& start);

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
  std::uint64_t line_;
  std::size_t row_bytes_ = 0;
  std::string field_;
  CsvRow row_;
};

}  // namespace parley::data
