// Filters that give numbers.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "prompt/jinja/attribute_path.hpp"
#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_number.hpp"

namespace parley::text::jinja {
namespace {

Value absolute(Runtime& rt, const Value& self, const Bound&) {
  if (self.is(Type::kFloat)) return Value::real(std::abs(self.as_real()));
  if (!self.is_integer()) {
    expect_defined(rt, self);
    rt.refuse("abs takes a number, not '" + std::string(type_name(self)) + "'");
  }
  return self.as_integer() < 0 ? negative(rt, self) : Value::integer(self.as_integer());
}

Value truncated(Runtime& rt, double value, const Value& otherwise) {
  if (!std::isfinite(value)) return otherwise;
  if (value >= 9223372036854775808.0 || value < -9223372036854775808.0) {
    rt.refuse_limit("an integer does not fit in 64 bits");
  }
  return Value::integer(static_cast<std::int64_t>(value));
}

Value to_int(Runtime& rt, const Value& self, const Bound& a) {
  const Value otherwise = a[0].is_missing() ? Value::integer(0) : a[0];
  if (self.is_integer()) return Value::integer(self.as_integer());
  if (self.is(Type::kFloat)) return truncated(rt, self.as_real(), otherwise);
  expect_defined(rt, self);
  if (!self.is_string()) return otherwise;
  const std::int64_t base = a[1].is_missing() ? 10 : expect_integer(rt, a[1], "the base of int");
  bool overflow = false;
  if (const auto parsed = parse_integer(self.text(), base, overflow)) {
    return Value::integer(*parsed);
  }
  if (overflow) rt.refuse_limit("an integer does not fit in 64 bits");
  const auto real = parse_real(self.text());
  return real ? truncated(rt, *real, otherwise) : otherwise;
}

Value to_float(Runtime& rt, const Value& self, const Bound& a) {
  const Value otherwise = a[0].is_missing() ? Value::real(0) : a[0];
  if (self.is_number()) return Value::real(self.as_real());
  expect_defined(rt, self);
  if (!self.is_string()) return otherwise;
  const auto real = parse_real(self.text());
  return real ? Value::real(*real) : otherwise;
}

// round(value, precision) of Python: to the nearest decimal, ties of the exact value to even.
double round_decimal(double value, std::int64_t precision) {
  if (!std::isfinite(value)) return value;
  if (precision > 300) return value;
  if (precision < -308) return 0 * value;
  if (precision < 0) {
    const double unit = std::pow(10.0, static_cast<double>(-precision));
    return std::nearbyint(value / unit) * unit;
  }
  char buffer[1024];  // at most 309 digits before the point and 300 after
  std::snprintf(buffer, sizeof buffer, "%.*f", static_cast<int>(precision), value);
  return std::strtod(buffer, nullptr);
}

std::int64_t round_integer(Runtime& rt, std::int64_t value, std::int64_t precision) {
  if (precision >= 0) return value;
  if (precision < -19) return 0;
  __int128 unit = 1;
  for (std::int64_t i = 0; i < -precision; ++i) unit *= 10;
  __int128 down = value / unit * unit;
  if (down > value) down -= unit;
  const __int128 twice = (value - down) * 2;
  const bool up = twice > unit || (twice == unit && (down / unit) % 2 != 0);
  const __int128 out = up ? down + unit : down;
  if (out > std::numeric_limits<std::int64_t>::max() ||
      out < std::numeric_limits<std::int64_t>::min()) {
    rt.refuse_limit("an integer does not fit in 64 bits");
  }
  return static_cast<std::int64_t>(out);
}

Value round(Runtime& rt, const Value& self, const Bound& a) {
  const std::int64_t precision =
      a[0].is_missing() ? 0 : expect_integer(rt, a[0], "the precision of round");
  const std::string_view method =
      a[1].is_missing() ? "common" : expect_string(rt, a[1], "the method of round");
  if (method != "common" && method != "ceil" && method != "floor") {
    rt.refuse("round has the methods common, ceil and floor");
  }
  if (!self.is_number()) {
    expect_defined(rt, self);
    rt.refuse("round takes a number, not '" + std::string(type_name(self)) + "'");
  }
  if (method == "common") {
    if (self.is_integer()) {
      return Value::integer(round_integer(rt, self.as_integer(), precision));
    }
    return Value::real(round_decimal(self.as_real(), precision));
  }
  const double unit = std::pow(10.0, static_cast<double>(precision));
  const double scaled = self.as_real() * unit;
  return Value::real((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / unit);
}

Value sum(Runtime& rt, const Value& self, const Bound& a) {
  const AttributePath path(rt, a[0].is_none() ? Value() : a[0]);
  Value total = a[1].is_missing() ? Value::integer(0) : a[1];
  if (total.is_string()) rt.refuse("sum does not add text", "use join");
  for (const Value& item : iterate(rt, self)) {
    total = binary(rt, BinaryOp::kAdd, total, path.get(rt, item));
  }
  return total;
}

constexpr FunctionSpec kNumberFilters[] = {
    {"abs", absolute},
    {"int", to_int, {"default", "base"}},
    {"float", to_float, {"default"}},
    {"round", round, {"precision", "method"}},
    {"sum", sum, {"attribute", "start"}},
};

}  // namespace

std::span<const FunctionSpec> number_filters() {
  return kNumberFilters;
}

}  // namespace parley::text::jinja
