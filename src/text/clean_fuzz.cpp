#include "text/clean.hpp"
#include "text/utf8.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string once = parley::text::clean_text(text);
  if (!parley::text::is_valid_utf8(once) || !parley::text::is_nfc(once)) __builtin_trap();
  if (parley::text::clean_text(once) != once) __builtin_trap();
  return 0;
}
