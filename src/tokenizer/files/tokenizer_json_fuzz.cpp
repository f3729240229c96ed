// A hostile tokenizer.json may be refused, never crash; an accepted one takes any text.
#include "base/error.hpp"
#include "tokenizer/files/tokenizer_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = text::tokenizer_from_json(input, "fuzz");
    (void)tokenizer->encode(input);
    (void)tokenizer->decode(tokenizer->encode_with_special(input));
  } catch (const Error&) {
  }
  try {
    const text::BpeTokenizer tokenizer(text::parse_tokenizer_json(input, "fuzz"));
    (void)tokenizer.encode(input);
  } catch (const Error&) {
  }
  return 0;
}
