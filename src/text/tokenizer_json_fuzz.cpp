// A hostile tokenizer.json may be refused, never crash; an accepted one round-trips any text.
#include <cstdlib>

#include "base/error.hpp"
#include "text/tokenizer_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const text::BpeTokenizer tokenizer(text::parse_tokenizer_json(input, "fuzz"));
    (void)tokenizer.encode(input);
  } catch (const Error&) {
  }
  return 0;
}
