// Base64 as RFC 4648 has it, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley {

std::string encode_base64(std::string_view bytes);

// Nothing when `text` is not the one base64 text of its bytes: no white space, no missing padding,
// nothing but zeros in the bits that padding leaves over.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace parley
