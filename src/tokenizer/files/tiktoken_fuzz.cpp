// A hostile rank file may be refused, never crash; an accepted one gives every text back.
#include "tokenizer/files/tiktoken.hpp"

#include <cstdlib>

#include "base/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley;
  if (size == 0) return 0;
  constexpr text::TiktokenSplit kSplits[] = {
      text::TiktokenSplit::kGpt2, text::TiktokenSplit::kCl100k, text::TiktokenSplit::kO200k,
      text::TiktokenSplit::kLlama3, text::TiktokenSplit::kQwen};
  const std::string_view input(reinterpret_cast<const char*>(data) + 1, size - 1);
  // The 256 bytes, which every rank file must hold, come first; the input goes on from there.
  static const std::string bytes = [] {
    constexpr std::string_view kLetters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    for (unsigned b = 0; b < 256; ++b) {
      out += kLetters[b >> 2];
      out += kLetters[(b & 3) << 4];
      out += "== " + std::to_string(b) + "\n";
    }
    return out;
  }();
  try {
    const auto tokenizer =
        text::tokenizer_from_ranks(bytes + std::string(input), "fuzz", kSplits[data[0] % 5]);
    if (tokenizer->decode(tokenizer->encode(input)) != input) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
