#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "data/sources/csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t rows = 0;
  const auto count = [&](parley::data::CsvRow&& row) {
    if (row.line == 0 || row.fields.empty()) __builtin_trap();
    ++rows;
    return true;
  };
  std::string start(text);
  const auto dialect = parley::data::CsvParser::take_dialect(start);
  const std::string_view rest = text.substr(text.size() - start.size());
  parley::data::CsvParser whole(dialect, count);
  whole.feed(rest);
  whole.finish();
  const std::size_t expected = rows;
  rows = 0;
  parley::data::CsvParser pieces(dialect, count);
  for (const char& c : rest) pieces.feed(std::string_view(&c, 1));
  pieces.finish();
  if (rows != expected) __builtin_trap();
  return 0;
}
