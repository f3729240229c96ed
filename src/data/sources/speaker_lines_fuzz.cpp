#include <cstddef>
#include <cstdint>
#include <string_view>

#include "data/sources/speaker_lines.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool markdown : {true, false}) {
    const auto lines = parley::data::read_speaker_lines(text, markdown, parley::data::Speakers());
    for (const auto& record : lines.conversations) {
      if (record.messages.empty()) __builtin_trap();
    }
  }
  return 0;
}
