// integer and number: bounds and multiples as automata over digits.
#include <algorithm>

#include "constraint/number_automata.hpp"
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

// "minimum" and its like. In draft 4 "exclusiveMinimum" says whether the bound itself is outside.
std::vector<SchemaCompiler::NumberBound> SchemaCompiler::number_bounds(const Json& schema) const {
  std::vector<NumberBound> out;
  const auto add = [&](const char* keyword, Bound bound, const char* exclusive, Bound outside) {
    const Json* value = document_.find(schema, keyword);
    const Json* strict = document_.find(schema, exclusive);
    const bool flag = strict != nullptr && strict->is_boolean();
    if (value != nullptr) out.push_back({flag && strict->get<bool>() ? outside : bound, value});
    if (strict != nullptr && !flag) out.push_back({outside, strict});
  };
  add("minimum", Bound::kAtLeast, "exclusiveMinimum", Bound::kGreater);
  add("maximum", Bound::kAtMost, "exclusiveMaximum", Bound::kLess);
  return out;
}

Dfa SchemaCompiler::numbers(const Parts& parts, unsigned allowed, std::size_t whole,
                            std::size_t fraction) {
  // Every JSON parser reads numbers of so many digits, and a model cannot write digits for ever.
  // Bounds with more digits than that get as many as they need.
  constexpr std::size_t kDigits = 18;
  whole = std::max(whole, kDigits), fraction = std::max(fraction, kDigits);
  const auto decimal = [&](const Json& value) {
    if (!value.is_number()) document_.error(value, "must be a number");
    const std::optional<Decimal> out = parse_decimal(to_text(value));
    if (!out) document_.error(value, "the number is too large or too small");
    whole = std::max(whole, out->whole.size());
    fraction = std::max(fraction, out->fraction.size());
    return *out;
  };
  const auto multiples_of = [&](const Json& value) {
    const Decimal step = decimal(value);
    if (step.is_zero() || step.negative) document_.error(value, "must be greater than 0");
    std::optional<Dfa> multiples = multiple_dfa(step);
    if (!multiples) {
      document_.error(value, "a step of more than 4,000 units of its last digit is not supported",
                      "use a rounder step");
    }
    return *std::move(multiples);
  };
  const Json* where = nullptr;
  std::vector<Dfa> conditions, without;
  for (const Part& part : parts) {
    for (const NumberBound& bound : number_bounds(*part)) {
      where = bound.value;
      conditions.push_back(bounded_number_dfa(bound.bound, decimal(*bound.value)));
    }
    if (const Json* value = document_.find(*part, "multipleOf")) {
      where = value;
      conditions.push_back(multiples_of(*value));
    }
    if (const Json* value = document_.find_made(*part, "not multipleOf")) {
      where = value;
      without.push_back(multiples_of(*value));
    }
  }
  const ListedValues excluded = excluded_values(parts);
  for (const Json* value : excluded.scalars()) {
    if (!value->is_number() || (type_of(*value) & allowed) == 0) continue;
    where = value;
    const Decimal number = decimal(*value);
    without.push_back(intersect(bounded_number_dfa(Bound::kAtLeast, number),
                                bounded_number_dfa(Bound::kAtMost, number), limit_at(*value)));
  }
  // Of fractions alone integers are no part, however they are written.
  if ((allowed & kInteger) == 0) without.push_back(*multiple_dfa(*parse_decimal("1")));
  spend(1 + 100 * (conditions.size() + without.size()));
  const bool fractions = (allowed & kFraction) != 0;
  const SizeLimit limit = limit_at(where == nullptr ? document_.root() : *where);
  if (conditions.empty() && without.empty() && fractions)
    return scientific_number_dfa(whole, fraction, limit);
  Dfa out = plain_number_dfa(whole, fractions ? fraction : 0, limit);
  for (const Dfa& condition : conditions) out = intersect(out, condition, limit);
  for (const Dfa& condition : without) out = subtract(out, condition, limit);
  return out;
}

}  // namespace parley::engine
