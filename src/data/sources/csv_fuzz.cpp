#include <cstddef>
#include <cstdint>
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
  parley::data::CsvParser whole(parley::data::CsvParser::guess_separator(text), count);
  whole.feed(text);
  whole.finish();
  const std::size_t expected = rows;
  rows = 0;
  parley::data::CsvParser pieces(parley::data::CsvParser::guess_separator(text), count);
  for (const char& c : text) pieces.feed(std::string_view(&c, 1));
  pieces.finish();
  if (rows != expected) __builtin_trap();
  return 0;
}
