#include "prompt/jinja/values/python_number.hpp"

#include <charconv>
#include <limits>
#include <string>

#include "prompt/jinja/values/python_text.hpp"

namespace parley::text::jinja {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'z') return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z') return c - 'A' + 10;
  return 99;
}

int prefix_base(std::string_view text) {
  if (text.size() < 3 || text[0] != '0') return 0;
  switch (text[1]) {
    case 'x':
    case 'X':
      return 16;
    case 'o':
    case 'O':
      return 8;
    case 'b':
    case 'B':
      return 2;
    default:
      return 0;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t base,
                                          bool& overflow) {
  overflow = false;
  if (base != 0 && (base < 2 || base > 36)) return std::nullopt;
  text = strip(text, Side::kBoth);
  bool negative = false;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    negative = text[0] == '-';
    text.remove_prefix(1);
  }
  bool underscore_allowed = false;
  const int prefix = prefix_base(text);
  if (prefix != 0 && (base == 0 || base == prefix)) {
    text.remove_prefix(2);
    base = prefix;
    underscore_allowed = true;
  } else if (base == 0) {
    base = 10;
    const bool zeros = text.find_first_not_of("0_") == std::string_view::npos;
    if (text.size() > 1 && text[0] == '0' && !zeros) return std::nullopt;
  }
  if (text.empty()) return std::nullopt;
  __int128 out = 0;
  for (const char c : text) {
    if (c == '_') {
      if (!underscore_allowed) return std::nullopt;
      underscore_allowed = false;
      continue;
    }
    const int digit = digit_value(c);
    if (digit >= base) return std::nullopt;
    underscore_allowed = true;
    if (!overflow) out = out * base + digit;
    overflow |= out > static_cast<__int128>(std::numeric_limits<std::int64_t>::max()) + 1;
  }
  if (!underscore_allowed) return std::nullopt;  // ends with an underscore
  if (negative) out = -out;
  overflow |= out > std::numeric_limits<std::int64_t>::max();
  if (overflow) return std::nullopt;
  return static_cast<std::int64_t>(out);
}

std::optional<double> parse_real(std::string_view text) {
  text = strip(text, Side::kBoth);
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') {
      plain += text[i];
    } else if (i == 0 || i + 1 == text.size() || !is_digit(text[i - 1]) || !is_digit(text[i + 1])) {
      return std::nullopt;
    }
  }
  const char* begin = plain.c_str();
  const char* end = begin + plain.size();
  const bool negative = *begin == '-';
  if (*begin == '+' || *begin == '-') ++begin;
  if (*begin == '+' || *begin == '-') return std::nullopt;
  double out = 0;
  const std::string word = lower({begin, end});
  if (word == "inf" || word == "infinity") {
    out = std::numeric_limits<double>::infinity();
  } else if (word == "nan") {
    out = std::numeric_limits<double>::quiet_NaN();
  } else {
    if (word.empty() || (!is_digit(word[0]) && word[0] != '.')) return std::nullopt;
    const auto [stop, error] = std::from_chars(begin, end, out);
    if (stop != end || error == std::errc::invalid_argument) return std::nullopt;
    if (error == std::errc::result_out_of_range) {
      const std::size_t e = word.find('e');  // too small where the exponent is negative
      const bool small = e != std::string::npos && word.find('-', e) != std::string::npos;
      out = small ? 0 : std::numeric_limits<double>::infinity();
    }
  }
  return negative ? -out : out;
}

}  // namespace parley::text::jinja
