// The functions that a template can call: filters, tests, methods of values, globals. Each is a
// FunctionSpec in a table; invoke() fits the arguments of a call to its parameters.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

struct Named {
  std::string_view name;
  Value value;
};

struct Arguments {
  std::span<const Value> positional;
  std::span<const Named> named;
};

constexpr std::size_t kMaxParameters = 5;

// Arguments in the order of the parameters; a missing value where none was given.
struct Bound {
  std::array<Value, kMaxParameters> values;
  std::span<const Value> rest;   // where the function takes any number
  std::span<const Named> named;  // where it takes any name
  const Value& operator[](std::size_t i) const { return values[i]; }
};

// `self`: what the filter or test is applied to, or whose method it is.
using Function = Value (*)(Runtime& runtime, const Value& self, const Bound& arguments);

struct FunctionSpec {
  std::string_view name;
  Function function;
  std::array<std::string_view, kMaxParameters> parameters = {};
  std::uint8_t required = 0;  // how many of them
  bool any_number = false;
  bool any_name = false;
};

// Errors: kInvalidInput when the arguments do not fit.
Value invoke(Runtime& runtime, const FunctionSpec& function, const Value& self,
             const Arguments& arguments);

// nullptr where there is none of that name.
const FunctionSpec* find_filter(std::string_view name);
const FunctionSpec* find_test(std::string_view name);
const FunctionSpec* find_global(std::string_view name);

// A method or attribute that values of this type have in Python, bound to `subject`: an undefined
// value for those that would change it, a missing one where the type has none of that name.
Value builtin_attribute(Runtime& runtime, const Value& subject, std::string_view name);

// The tables, one a file.
std::span<const FunctionSpec> text_filters();
std::span<const FunctionSpec> sequence_filters();
std::span<const FunctionSpec> selection_filters();
std::span<const FunctionSpec> number_filters();
std::span<const FunctionSpec> test_functions();
std::span<const FunctionSpec> global_functions();
std::span<const FunctionSpec> string_methods();
std::span<const FunctionSpec> container_methods(Type type);

}  // namespace parley::text::jinja
