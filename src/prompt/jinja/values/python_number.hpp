// Numbers from text, as Python's int() and float() read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace parley::text::jinja {

// int(text, base): white space around, a sign, underscores between digits, a prefix that fits the
// base (any prefix where the base is 0). Nothing where it is not a number; `overflow` is set where
// it is one beyond 64 bits.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base, bool& overflow);

// float(text): also inf, infinity and nan.
std::optional<double> parse_real(std::string_view text);

}  // namespace parley::text::jinja
