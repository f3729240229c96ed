// Round trip of the byte-level tokenizer on any bytes.
#include <cstdlib>
#include <utility>

#include "tokenizer/bpe_trainer.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  static const text::BpeTokenizer tokenizer([] {
    bool given = false;
    text::BpeTrainOptions options;
    options.vocabulary = 400;
    options.min_count = 1;
    return text::train_bpe(
        [&given](std::string& out) {
          out = "the quick brown fox's  jumps over\n\n1234 lazy dogs, they're the the the end.";
          return !std::exchange(given, true);
        },
        options);
  }());
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (tokenizer.decode(tokenizer.encode(input)) != input) std::abort();
  return 0;
}
