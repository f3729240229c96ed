// Any bytes as a grammar: writing from it either works or ends in an Error.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "dialogue/grammar_write.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace parley::dialogue;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // No table files: a fuzzer has no business reading the disk.
  if (text.find("file") != std::string_view::npos) return 0;
  try {
    const auto parsed = parse_grammar_text(text, "fuzz", "/nonexistent");
    check_grammar(parsed);
    Random random(1);
    std::string problem;
    for (int i = 0; i < 5; ++i) write_dialogue(parsed, random, problem);
  } catch (const parley::Error&) {
  }
  return 0;
}
