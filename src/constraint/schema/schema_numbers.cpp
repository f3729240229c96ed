// integer and number: bounds and multiples as automata over digits.
#include <algorithm>

#include "constraint/number_automata.hpp"
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

Dfa SchemaCompiler::numbers(const Parts& parts, unsigned allowed, std::size_t whole,
                            std::size_t fraction) {
  struct Keyword {
    const char* name;
    Bound bound;
  };
  static constexpr Keyword kBounds[] = {{"minimum", Bound::kAtLeast},
                                        {"exclusiveMinimum", Bound::kGreater},
                                        {"maximum", Bound::kAtMost},
                                        {"exclusiveMaximum", Bound::kLess}};
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
  const Json* where = nullptr;
  std::vector<Dfa> conditions;
  for (const Json* part : parts) {
    for (const Keyword& keyword : kBounds) {
      const Json* value = document_.find(*part, keyword.name);
      if (value == nullptr) continue;
      where = value;
      if (value->is_boolean()) {  // draft 4: a flag that makes the bound exclusive
        document_.error(*value, "must be a number", "write the bound itself here");
      }
      conditions.push_back(bounded_number_dfa(keyword.bound, decimal(*value)));
    }
    if (const Json* value = document_.find(*part, "multipleOf")) {
      where = value;
      const Decimal step = decimal(*value);
      if (step.is_zero() || step.negative) document_.error(*value, "must be greater than 0");
      std::optional<Dfa> multiples = multiple_dfa(step);
      if (!multiples) {
        document_.error(*value,
                        "a step of more than 4,000 units of its last digit is not supported",
                        "use a rounder step");
      }
      conditions.push_back(*std::move(multiples));
    }
  }
  spend(1 + 100 * conditions.size());
  const bool fractions = (allowed & kFraction) != 0;
  const SizeLimit limit = limit_at(where == nullptr ? document_.root() : *where);
  if (conditions.empty() && fractions) return scientific_number_dfa(whole, fraction, limit);
  Dfa out = plain_number_dfa(whole, fractions ? fraction : 0, limit);
  for (const Dfa& condition : conditions) out = intersect(out, condition, limit);
  return out;
}

}  // namespace parley::engine
