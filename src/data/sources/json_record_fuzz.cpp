#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.hpp"
#include "data/sources/json_record.hpp"
#include "text/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::data;
  static JsonRecordParser parser;
  std::string json(reinterpret_cast<const char*>(data), size);
  json.append(kJsonPadding, ' ');
  RawRecord record;
  try {
    parser.parse(std::string_view(json).substr(0, size), JsonShape::kAny, {"f", 1}, record);
    for (const auto& message : record.messages) {
      if (!parley::text::is_valid_utf8(message.content)) __builtin_trap();
    }
  } catch (const parley::Error& e) {
    if (e.kind() != parley::ErrorKind::kInvalidInput) __builtin_trap();
  }
  return 0;
}
