// JSON from outside: what is read is written and read again as the same, in the same order.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/error.hpp"
#include "base/json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::optional<Json> lenient = try_parse_json(text);
  try {
    const Json strict = parse_json(text, "input");
    if (!lenient || *lenient != strict) std::abort();
  } catch (const Error& e) {
    if (e.kind() != ErrorKind::kInvalidInput) std::abort();
  }
  if (!lenient) return 0;
  const std::string written = to_text(*lenient);
  const Json again = parse_json(written, "what was written");
  if (again != *lenient || to_text(again) != written) std::abort();
  if (parse_json(canonical_text(again), "sorted") != again) std::abort();
  return 0;
}
