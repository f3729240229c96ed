// Python's format(value, spec): fill, sign, width, grouping, precision, type.
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

constexpr std::int64_t kMaxPrecision = 1000;  // digits of a float

struct Spec {
  std::string fill = " ";
  char align = 0;  // < > ^ = or none
  char sign = '-';
  bool alternate = false, zero = false;
  std::int64_t width = 0;
  char grouping = 0;
  std::int64_t precision = -1;
  char type = 0;
};

std::int64_t read_number(Runtime& rt, std::string_view spec, std::size_t& at) {
  std::int64_t out = 0;
  while (at < spec.size() && spec[at] >= '0' && spec[at] <= '9') {
    out = out * 10 + (spec[at++] - '0');
    if (out > 1'000'000'000) rt.refuse("a number in the format is too large");
  }
  return out;
}

Spec parse_spec(Runtime& rt, std::string_view text) {
  Spec spec;
  std::size_t at = 0;
  const auto is_align = [&](std::size_t i) {
    return i < text.size() && std::string_view("<>^=").find(text[i]) != std::string_view::npos;
  };
  if (!text.empty()) {
    const std::size_t first = decode_code_point(text, 0).length;
    if (is_align(first)) {
      spec.fill = text.substr(0, first);
      spec.align = text[first];
      at = first + 1;
    } else if (is_align(0)) {
      spec.align = text[at++];
    }
  }
  const auto take = [&](char c) {
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  };
  if (at < text.size() && (text[at] == '+' || text[at] == '-' || text[at] == ' ')) {
    spec.sign = text[at++];
  }
  spec.alternate = take('#');
  if (take('0')) {
    spec.zero = true;
    if (spec.align == 0) {
      spec.fill = "0";
      spec.align = '=';
    }
  }
  spec.width = read_number(rt, text, at);
  if (at < text.size() && (text[at] == ',' || text[at] == '_')) spec.grouping = text[at++];
  if (take('.')) {
    const std::size_t digits = at;
    spec.precision = read_number(rt, text, at);
    if (at == digits) rt.refuse("the format lacks its precision after '.'");
  }
  if (at < text.size()) spec.type = text[at++];
  if (at != text.size()) rt.refuse("'" + std::string(text) + "' is not a format");
  return spec;
}

std::string group_digits(std::string_view digits, char separator, std::size_t every) {
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % every == 0) out += separator;
    out += digits[i];
  }
  return out;
}

// `lead`: sign and prefix, which '=' puts before the padding. `width` counts code points.
void append_padded(Runtime& rt, std::string& out, const Spec& spec, std::string_view lead,
                   std::string_view body, char natural) {
  const auto size = static_cast<std::int64_t>(count_code_points(lead) + count_code_points(body));
  const auto missing = static_cast<std::size_t>(std::max<std::int64_t>(0, spec.width - size));
  if (missing > rt.limits().max_memory_bytes / 4) rt.refuse_limit("a format is too wide");
  const char align = spec.align != 0 ? spec.align : natural;
  const std::size_t before = align == '>' || align == '=' ? missing
                             : align == '^'               ? missing / 2
                                                          : 0;
  const auto pad = [&](std::size_t times) {
    for (std::size_t i = 0; i < times; ++i) append(rt, out, spec.fill);
  };
  rt.charge_bytes(missing);
  if (align == '=') append(rt, out, lead);
  pad(before);
  if (align != '=') append(rt, out, lead);
  append(rt, out, body);
  pad(missing - before);
}

// The digits of a number: `whole` is grouped and, where zeros fill the width, filled; `tail` is
// what follows the digits.
void append_number(Runtime& rt, std::string& out, const Spec& spec, const std::string& lead,
                   std::string whole, std::string_view tail, std::size_t group) {
  if (spec.grouping != 0) {
    std::string grouped = group_digits(whole, spec.grouping, group);
    const bool fill_zeros = spec.fill == "0" && spec.align == '=';
    if (fill_zeros && spec.width > 4096) rt.refuse_limit("a format is too wide");
    while (fill_zeros &&
           static_cast<std::int64_t>(lead.size() + grouped.size() + tail.size()) < spec.width) {
      whole.insert(0, 1, '0');
      grouped = group_digits(whole, spec.grouping, group);
    }
    whole = std::move(grouped);
  }
  append_padded(rt, out, spec, lead, whole + std::string(tail), '>');
}

void append_integer(Runtime& rt, std::string& out, std::int64_t value, const Spec& spec) {
  if (spec.precision >= 0) rt.refuse("the format of an int has no precision");
  if (spec.type == 'c') {
    std::string character;
    if (value < 0 || value > 0x10FFFF) rt.refuse("format 'c' takes a code point");
    append_code_point(character, static_cast<char32_t>(value));
    return append_padded(rt, out, spec, "", character, '<');
  }
  const auto magnitude =
      value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  int base = 10;
  std::string lead = value < 0 ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  switch (spec.type) {
    case 'b':
      base = 2;
      break;
    case 'o':
      base = 8;
      break;
    case 'x':
    case 'X':
      base = 16;
      break;
    default:
      break;
  }
  if (spec.alternate && base != 10) {
    lead += '0';
    lead += spec.type;
  }
  std::string digits;
  for (std::uint64_t rest = magnitude; rest != 0 || digits.empty();
       rest /= static_cast<unsigned>(base)) {
    const char* const figures = spec.type == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    digits.insert(digits.begin(), figures[rest % static_cast<unsigned>(base)]);
  }
  append_number(rt, out, spec, lead, digits, "", base == 10 ? 3 : 4);
}

// As type 'g', but 1.0 instead of 1: what a float with a precision and no type gets.
std::string general_with_point(double magnitude, int precision) {
  char buffer[kMaxPrecision + 400];
  precision = std::max(precision, 1);
  std::snprintf(buffer, sizeof buffer, "%.*e", precision - 1, magnitude);
  const std::string scientific = buffer;
  const std::size_t e = scientific.find('e');
  if (e == std::string::npos) return scientific;  // inf, nan
  const int exponent = std::atoi(scientific.c_str() + e + 1);
  const bool plain = exponent >= -4 && exponent < precision - 1;
  if (plain) {
    std::snprintf(buffer, sizeof buffer, "%.*f", precision - 1 - exponent, magnitude);
  }
  std::string digits = plain ? std::string(buffer) : scientific.substr(0, e);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  if (!plain) return digits + scientific.substr(e);
  return digits.find('.') == std::string::npos ? digits + ".0" : digits;
}

void append_real(Runtime& rt, std::string& out, double value, const Spec& spec) {
  if (spec.precision > kMaxPrecision) rt.refuse_limit("a format has too many digits");
  const std::string lead = std::signbit(value) && !std::isnan(value) ? "-"
                           : spec.sign == '-'                        ? ""
                                                                     : std::string(1, spec.sign);
  double magnitude = std::abs(value);
  const auto precision = static_cast<int>(spec.precision < 0 ? 6 : spec.precision);
  char buffer[kMaxPrecision + 400];
  std::string digits;
  if (spec.type == 0) {
    digits = spec.precision < 0 ? float_repr(magnitude) : general_with_point(magnitude, precision);
  } else {
    const bool percent = spec.type == '%';
    if (percent) magnitude *= 100;
    const char type = percent ? 'f' : spec.type == 'n' ? 'g' : spec.type;
    const char form[] = {'%', '.', '*', type, 0};
    const char alternate_form[] = {'%', '#', '.', '*', type, 0};
    std::snprintf(buffer, sizeof buffer, spec.alternate ? alternate_form : form, precision,
                  magnitude);
    digits = buffer;
    if (percent) digits += '%';
  }
  std::size_t whole = 0;
  while (whole < digits.size() && digits[whole] >= '0' && digits[whole] <= '9') ++whole;
  append_number(rt, out, spec, lead, digits.substr(0, whole), digits.substr(whole), 3);
}

}  // namespace

void append_formatted(Runtime& rt, std::string& out, const Value& value, std::string_view text) {
  if (text.empty()) return append_str(rt, out, value);
  const Spec spec = parse_spec(rt, text);
  const std::string_view types = value.is_string()        ? "s"
                                 : value.is_integer()     ? "bcdnoxXeEfFgG%"
                                 : value.is(Type::kFloat) ? "eEfFgGn%"
                                                          : "";
  const bool known = value.is_string() || value.is_number();
  if (!known || (spec.type != 0 && types.find(spec.type) == std::string_view::npos)) {
    rt.refuse("'" + std::string(text) + "' is no format for a value of type '" +
              std::string(type_name(value)) + "'");
  }
  if (value.is_string()) {
    if (spec.align == '=' && !spec.zero) rt.refuse("text cannot be aligned by '='");
    if (spec.sign != '-' || spec.grouping != 0) rt.refuse("text has neither sign nor grouping");
    std::string_view body = value.text();
    if (spec.precision >= 0) body = body.substr(0, code_point_offset(body, spec.precision));
    Spec left = spec;
    if (spec.align == '=') left.align = '<';
    return append_padded(rt, out, left, "", body, '<');
  }
  const bool as_real = value.is(Type::kFloat) ||
                       std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos;
  if (as_real && !(value.is_integer() && spec.type == 0)) {
    append_real(rt, out, value.as_real(), spec);
  } else {
    append_integer(rt, out, value.as_integer(), spec);
  }
}

}  // namespace parley::text::jinja
