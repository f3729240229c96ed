#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/error.hpp"
#include "text/html_charset.hpp"
#include "text/utf8.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t replaced = 0;
  try {
    if (!parley::text::is_valid_utf8(parley::text::decode_page(text, &replaced))) __builtin_trap();
  } catch (const parley::Error& e) {
    if (e.kind() != parley::ErrorKind::kInvalidInput) __builtin_trap();
  }
  return 0;
}
