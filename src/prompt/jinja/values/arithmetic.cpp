// + - * / // % ** on numbers, text and sequences.
#include <cmath>
#include <limits>

#include "prompt/jinja/values/authored_text.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"

namespace parley::text::jinja {
namespace {

constexpr std::string_view kSigns[] = {"+", "-", "*", "/", "//", "%", "**"};

[[noreturn]] void unsupported(Runtime& rt, BinaryOp op, const Value& a, const Value& b) {
  rt.refuse("operator " + std::string(kSigns[static_cast<int>(op)]) + " does not take '" +
            std::string(type_name(a)) + "' and '" + std::string(type_name(b)) + "'");
}

[[noreturn]] void overflow(Runtime& rt) {
  rt.refuse_limit("an integer does not fit in 64 bits");
}

[[noreturn]] void division_by_zero(Runtime& rt) {
  rt.refuse("division by zero");
}

Value integer_power(Runtime& rt, std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {
    if (base == 0) rt.refuse("0 cannot be raised to a negative power");
    return Value::real(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) overflow(rt);
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) overflow(rt);
  }
  return Value::integer(result);
}

Value integer_binary(Runtime& rt, BinaryOp op, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  switch (op) {
    case BinaryOp::kAdd:
      if (__builtin_add_overflow(a, b, &out)) overflow(rt);
      return Value::integer(out);
    case BinaryOp::kSubtract:
      if (__builtin_sub_overflow(a, b, &out)) overflow(rt);
      return Value::integer(out);
    case BinaryOp::kMultiply:
      if (__builtin_mul_overflow(a, b, &out)) overflow(rt);
      return Value::integer(out);
    case BinaryOp::kDivide:
      if (b == 0) division_by_zero(rt);
      // One rounding, as in Python: the quotient of two doubles would round three times.
      return Value::real(
          static_cast<double>(static_cast<long double>(a) / static_cast<long double>(b)));
    case BinaryOp::kFloorDivide:
    case BinaryOp::kModulo: {
      if (b == 0) division_by_zero(rt);
      if (b == -1) {  // the one quotient that may not fit
        if (op == BinaryOp::kModulo) return Value::integer(0);
        if (a == std::numeric_limits<std::int64_t>::min()) overflow(rt);
        return Value::integer(-a);
      }
      const std::int64_t remainder = a % b;
      const bool adjust = remainder != 0 && (remainder < 0) != (b < 0);  // round to minus infinity
      if (op == BinaryOp::kModulo) return Value::integer(adjust ? remainder + b : remainder);
      return Value::integer(a / b - (adjust ? 1 : 0));
    }
    case BinaryOp::kPower:
      return integer_power(rt, a, b);
  }
  overflow(rt);
}

// Python's float modulo: the sign of the divisor.
double real_modulo(double a, double b) {
  double remainder = std::fmod(a, b);
  if (remainder != 0) {
    if ((b < 0) != (remainder < 0)) remainder += b;
  } else {
    remainder = std::copysign(0.0, b);
  }
  return remainder;
}

double real_floor_divide(double a, double b) {
  const double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;
  if (remainder != 0 && (b < 0) != (remainder < 0)) quotient -= 1;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double floor = std::floor(quotient);
  return quotient - floor > 0.5 ? floor + 1 : floor;
}

Value real_binary(Runtime& rt, BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kAdd:
      return Value::real(a + b);
    case BinaryOp::kSubtract:
      return Value::real(a - b);
    case BinaryOp::kMultiply:
      return Value::real(a * b);
    case BinaryOp::kDivide:
      if (b == 0) division_by_zero(rt);
      return Value::real(a / b);
    case BinaryOp::kFloorDivide:
      if (b == 0) division_by_zero(rt);
      return Value::real(real_floor_divide(a, b));
    case BinaryOp::kModulo:
      if (b == 0) division_by_zero(rt);
      return Value::real(real_modulo(a, b));
    case BinaryOp::kPower: {
      if (a == 0 && b < 0) rt.refuse("0.0 cannot be raised to a negative power");
      if (a < 0 && std::isfinite(a) && std::isfinite(b) && b != std::floor(b)) {
        rt.refuse("a negative number has no real power " + std::to_string(b));
      }
      const double out = std::pow(a, b);
      if (std::isinf(out) && std::isfinite(a) && std::isfinite(b)) {
        rt.refuse("the result of ** is too large for a float");
      }
      return Value::real(out);
    }
  }
  overflow(rt);
}

Value concatenate(Runtime& rt, const Value& left, const Value& right) {
  if (left.is_markup() != right.is_markup()) {  // markup stays so by escaping the other side
    const Value& plain = left.is_markup() ? right : left;
    const Value escaped = rt.text(escape_html(plain.text()), author_of(plain), true);
    return left.is_markup() ? concatenate(rt, left, escaped) : concatenate(rt, escaped, right);
  }
  if (left.text().empty()) return right;
  if (right.text().empty()) return left;
  AuthoredText out;
  out.append(rt, left);
  out.append(rt, right);
  return out.value(rt, left.is_markup());
}

Value repeat(Runtime& rt, const Value& value, std::int64_t times) {
  const auto count = static_cast<std::size_t>(times < 0 ? 0 : times);
  const std::size_t unit =
      value.is_string() ? value.text().size() : value.items().size() * sizeof(Value);
  if (unit == 0 || count == 0) {
    if (value.is_string()) return Value::string({}, Author::kTemplate, value.is_markup());
    return value.is(Type::kList) ? Value::list({}) : Value::tuple({});
  }
  if (count > rt.limits().max_memory_bytes / unit) {
    rt.refuse_limit("a repetition of " + std::to_string(times) + " times is too large");
  }
  rt.arena().expect_room(unit * count);
  rt.charge_bytes(unit * count);
  if (value.is_string()) {
    AuthoredText out;
    for (std::size_t i = 0; i < count; ++i) out.append(rt, value);
    return out.value(rt, value.is_markup());
  }
  std::vector<Value> out;
  out.reserve(value.items().size() * count);
  for (std::size_t i = 0; i < count; ++i) {
    out.insert(out.end(), value.items().begin(), value.items().end());
  }
  return value.is(Type::kList) ? rt.list(out) : rt.tuple(out);
}

}  // namespace

Value binary(Runtime& rt, BinaryOp op, const Value& a, const Value& b) {
  if (a.is_integer() && b.is_integer()) {
    return integer_binary(rt, op, a.as_integer(), b.as_integer());
  }
  if (a.is_number() && b.is_number()) return real_binary(rt, op, a.as_real(), b.as_real());
  expect_defined(rt, a);
  if (op == BinaryOp::kModulo && a.is_string()) return percent_format(rt, a, b);
  expect_defined(rt, b);
  if (op == BinaryOp::kAdd) {
    if (a.is_string() && b.is_string()) return concatenate(rt, a, b);
    if (a.is_sequence() && a.type() == b.type()) {
      std::vector<Value> items(a.items().begin(), a.items().end());
      items.insert(items.end(), b.items().begin(), b.items().end());
      rt.charge(items.size());
      return a.is(Type::kList) ? rt.list(items) : rt.tuple(items);
    }
  }
  if (op == BinaryOp::kMultiply) {
    if ((a.is_string() || a.is_sequence()) && b.is_integer()) return repeat(rt, a, b.as_integer());
    if ((b.is_string() || b.is_sequence()) && a.is_integer()) return repeat(rt, b, a.as_integer());
  }
  unsupported(rt, op, a, b);
}

Value negative(Runtime& rt, const Value& value) {
  if (value.is_integer()) return integer_binary(rt, BinaryOp::kSubtract, 0, value.as_integer());
  if (value.is(Type::kFloat)) return Value::real(-value.as_real());
  expect_defined(rt, value);
  rt.refuse("operator - does not take '" + std::string(type_name(value)) + "'");
}

Value positive(Runtime& rt, const Value& value) {
  if (value.is_integer()) return Value::integer(value.as_integer());
  if (value.is(Type::kFloat)) return value;
  expect_defined(rt, value);
  rt.refuse("operator + does not take '" + std::string(type_name(value)) + "'");
}

}  // namespace parley::text::jinja
