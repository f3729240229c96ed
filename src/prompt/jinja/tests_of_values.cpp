// What may follow `is`.
#include <cmath>

#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/values/operators.hpp"
#include "prompt/jinja/values/python_format.hpp"
#include "prompt/jinja/values/python_text.hpp"

namespace parley::text::jinja {
namespace {

template <Type... Types>
Value of_type(Runtime&, const Value& self, const Bound&) {
  return Value::boolean((self.is(Types) || ...));
}

template <CompareOp Op>
Value compared(Runtime& rt, const Value& self, const Bound& a) {
  return Value::boolean(compare(rt, Op, self, a[0]));
}

template <bool Wanted>
Value exactly(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(self.is(Type::kBool) && (self.as_integer() != 0) == Wanted);
}

Value defined(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(!self.is_undefined());
}

Value sequence(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(self.is_undefined() || self.is_string() || self.is_sequence() ||
                        self.is(Type::kDict) || self.is(Type::kRange));
}

Value iterable_test(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(iterable(self));
}

Value callable(Runtime&, const Value& self, const Bound&) {
  const bool yes = self.is(Type::kFunction) || self.is(Type::kMethod) || self.is(Type::kMacro) ||
                   self.is(Type::kLoop) || self.is(Type::kJoiner) || self.is_undefined();
  return Value::boolean(yes);
}

bool divides(Runtime& rt, const Value& self, const Value& by) {
  const Value rest = binary(rt, BinaryOp::kModulo, self, by);
  return rest.is_number() && rest.as_real() == 0;
}

Value even(Runtime& rt, const Value& self, const Bound&) {
  return Value::boolean(divides(rt, self, Value::integer(2)));
}

Value odd(Runtime& rt, const Value& self, const Bound&) {
  const Value rest = binary(rt, BinaryOp::kModulo, self, Value::integer(2));
  return Value::boolean(rest.is_number() && rest.as_real() == 1);
}

Value divisible_by(Runtime& rt, const Value& self, const Bound& a) {
  return Value::boolean(divides(rt, self, a[0]));
}

Value lower_test(Runtime& rt, const Value& self, const Bound&) {
  return Value::boolean(is_lower(to_str(rt, self)));
}

Value upper_test(Runtime& rt, const Value& self, const Bound&) {
  return Value::boolean(is_upper(to_str(rt, self)));
}

Value same_as(Runtime&, const Value& self, const Bound& a) {
  return Value::boolean(self.same(a[0]));
}

Value escaped(Runtime&, const Value& self, const Bound&) {
  return Value::boolean(self.is_string() && self.is_markup());
}

Value names_filter(Runtime& rt, const Value& self, const Bound&) {
  expect_hashable(rt, self);
  return Value::boolean(find_filter(to_str(rt, self)) != nullptr);
}

Value names_test(Runtime& rt, const Value& self, const Bound&) {
  expect_hashable(rt, self);
  return Value::boolean(find_test(to_str(rt, self)) != nullptr);
}

constexpr FunctionSpec kTests[] = {
    {"boolean", of_type<Type::kBool>},
    {"callable", callable},
    {"defined", defined},
    {"divisibleby", divisible_by, {"num"}, 1},
    {"==", compared<CompareOp::kEqual>, {"other"}, 1},
    {"eq", compared<CompareOp::kEqual>, {"other"}, 1},
    {"equalto", compared<CompareOp::kEqual>, {"other"}, 1},
    {"!=", compared<CompareOp::kNotEqual>, {"other"}, 1},
    {"ne", compared<CompareOp::kNotEqual>, {"other"}, 1},
    {"<", compared<CompareOp::kLess>, {"other"}, 1},
    {"lt", compared<CompareOp::kLess>, {"other"}, 1},
    {"lessthan", compared<CompareOp::kLess>, {"other"}, 1},
    {"<=", compared<CompareOp::kLessEqual>, {"other"}, 1},
    {"le", compared<CompareOp::kLessEqual>, {"other"}, 1},
    {">", compared<CompareOp::kGreater>, {"other"}, 1},
    {"gt", compared<CompareOp::kGreater>, {"other"}, 1},
    {"greaterthan", compared<CompareOp::kGreater>, {"other"}, 1},
    {">=", compared<CompareOp::kGreaterEqual>, {"other"}, 1},
    {"ge", compared<CompareOp::kGreaterEqual>, {"other"}, 1},
    {"in", compared<CompareOp::kIn>, {"seq"}, 1},
    {"escaped", escaped},
    {"even", even},
    {"odd", odd},
    {"false", exactly<false>},
    {"true", exactly<true>},
    {"filter", names_filter},
    {"test", names_test},
    {"float", of_type<Type::kFloat>},
    {"integer", of_type<Type::kInt>},
    {"number", of_type<Type::kInt, Type::kFloat, Type::kBool>},
    {"iterable", iterable_test},
    {"sequence", sequence},
    {"mapping", of_type<Type::kDict>},
    {"none", of_type<Type::kNone>},
    {"string", of_type<Type::kString>},
    {"undefined", of_type<Type::kUndefined>},
    {"lower", lower_test},
    {"upper", upper_test},
    {"sameas", same_as, {"other"}, 1},
};

}  // namespace

std::span<const FunctionSpec> test_functions() {
  return kTests;
}

}  // namespace parley::text::jinja
