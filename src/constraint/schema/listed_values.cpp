#include "constraint/schema/listed_values.hpp"

#include <algorithm>
#include <optional>

#include "constraint/number_automata.hpp"

namespace parley::engine {
namespace {

// Equal numbers have the same text here, however they are written.
std::string value_text(const Json& value) {
  if (!value.is_number()) return to_text(value);
  const std::optional<Decimal> number = parse_decimal(to_text(value));
  if (!number) return to_text(value);
  return (number->negative && !number->is_zero() ? "-" : "") + number->whole + "." +
         number->fraction;
}

}  // namespace

void ListedValues::add(const Json& value) {
  if (value.is_structured()) {
    structured_.push_back(&value);
    (value.is_array() ? arrays_ : objects_) = true;
  } else if (plain_.insert(value_text(value)).second) {
    scalars_.push_back(&value);
  }
}

bool ListedValues::has(const Json& value) const {
  if (!value.is_structured()) return plain_.contains(value_text(value));
  return std::ranges::any_of(structured_, [&](const Json* each) { return *each == value; });
}

}  // namespace parley::engine
