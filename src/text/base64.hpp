// Base64 as RFC 4648 has it, with padding.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::text {

// Nothing when `text` is not base64.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace parley::text
