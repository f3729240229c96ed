// The formats of JSON Schema strings, as regular expressions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace parley::engine {

// date, time, date-time, duration, email, hostname, ipv4, ipv6, uri, uuid. Nothing for formats that
// are not known: as JSON Schema has it, they constrain nothing.
std::optional<std::string> format_regex(std::string_view format);

}  // namespace parley::engine
