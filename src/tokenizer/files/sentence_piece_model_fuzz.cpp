// A hostile tokenizer.model may be refused, never crash; an accepted one takes any text.
#include "tokenizer/files/sentence_piece_model.hpp"

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  try {
    const auto tokenizer = text::tokenizer_from_sentence_piece(input, "fuzz");
    (void)tokenizer->encode(input);
    (void)tokenizer->decode(tokenizer->encode_with_special(input));
  } catch (const Error&) {
  }
  return 0;
}
