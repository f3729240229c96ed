// Parts from outside: what is read is written as it was, or refused.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "message/part_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const auto json = try_parse_json({reinterpret_cast<const char*>(data), size});
  if (!json) return 0;
  try {
    if (message::to_json(message::parts_from_json(*json, "input")) != *json) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInvalidInput) std::abort();
  }
  return 0;
}
