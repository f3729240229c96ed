// Dates as text. Own code: the C library's takes widths without limit, and the process's locale.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace parley::text::jinja {

// The conversions of C's strftime, in English, for a time in ms since 1970-01-01 UTC; "%-d" and the
// like leave out the padding. An unknown conversion is copied.
std::string strftime_utc(std::string_view format, std::int64_t ms);

}  // namespace parley::text::jinja
