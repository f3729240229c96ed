// The operators of the template language on values, with Python's meaning. Errors: kInvalidInput
// where Python raises, with what was expected; kLimit where a result would be too large.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

enum class BinaryOp : std::uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower
};
enum class CompareOp : std::uint8_t {
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn
};

bool truthy(const Value& value);
Value binary(Runtime& runtime, BinaryOp op, const Value& left, const Value& right);
Value negative(Runtime& runtime, const Value& value);
Value positive(Runtime& runtime, const Value& value);
bool compare(Runtime& runtime, CompareOp op, const Value& left, const Value& right);
bool equal(Runtime& runtime, const Value& left, const Value& right);
bool less(Runtime& runtime, const Value& left, const Value& right);
bool contains(Runtime& runtime, const Value& container, const Value& item);

// subject.name and subject[index]: an undefined value where there is no such thing.
Value get_attribute(Runtime& runtime, const Value& subject, std::string_view name);
Value get_item(Runtime& runtime, const Value& subject, const Value& index);
// Each bound may be missing or none.
Value get_slice(Runtime& runtime, const Value& subject, const Value& start, const Value& stop,
                const Value& step);

bool iterable(const Value& value);
// Every item in order; an iterator is used up.
std::span<const Value> iterate(Runtime& runtime, const Value& value);
std::int64_t length(Runtime& runtime, const Value& value);

// May be a key of a dict: fails on lists and dicts.
void expect_hashable(Runtime& runtime, const Value& value);
// The value as an int; `what` names it in the error.
std::int64_t expect_integer(Runtime& runtime, const Value& value, std::string_view what);
std::string_view expect_string(Runtime& runtime, const Value& value, std::string_view what);
// Fails with why an undefined value is undefined; does nothing with others.
void expect_defined(Runtime& runtime, const Value& value);
[[noreturn]] void refuse_undefined(Runtime& runtime, const UndefinedInfo& info);

}  // namespace parley::text::jinja
