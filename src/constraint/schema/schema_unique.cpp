// uniqueItems. That an item is none of those before takes a memory that grows with the array, which
// no automaton has; where an item is one of a few values, the set of those written is enough.
#include <algorithm>
#include <bit>
#include <map>

#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

bool SchemaCompiler::must_be_unique(const Parts& parts) const {
  return std::any_of(parts.begin(), parts.end(),
                     [&](const Part& part) { return document_.flag(*part, "uniqueItems"); });
}

void SchemaCompiler::add_unique_items(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                      std::size_t least, std::size_t most, std::uint32_t to) {
  constexpr std::size_t kMaxValues = 12, kMaxSets = 5'000;
  const auto unique = std::find_if(parts.begin(), parts.end(), [&](const Part& part) {
    return document_.flag(*part, "uniqueItems");
  });
  const Json& keyword = *document_.find(**unique, "uniqueItems");
  const std::vector<Contains> kinds = contained(parts);
  if (!kinds.empty()) {
    document_.error(keyword, "is not supported beside contains", "leave one of them out");
  }
  // The values of each position, the last for all after it, as bits of `values`.
  const std::size_t listed = listed_items(parts);
  std::vector<const Json*> values;
  std::vector<unsigned> allowed(listed + 1);
  for (std::size_t i = 0; i <= listed; ++i) {
    const auto few = values_of(item(parts, i));
    if (!few || few->size() > kMaxValues) {
      document_.error(keyword, "is supported where an item is one of at most 12 listed values",
                      "list them in an enum, or leave uniqueItems out");
    }
    for (const Json* value : *few) {
      ListedValues same;
      same.add(*value);
      const auto at = std::find_if(values.begin(), values.end(),
                                   [&](const Json* other) { return same.has(*other); });
      const auto bit = static_cast<std::size_t>(at - values.begin());
      if (at == values.end()) values.push_back(value);
      if (bit >= 2 * kMaxValues) document_.error(keyword, "too many different values");
      allowed[i] |= 1u << bit;
    }
  }
  std::vector<RuleId> rules;
  for (const Json* value : values) {
    rules.push_back(builder_.add_rule());
    add_json(builder_.body(rules.back()), Nfa::kStart, *value, Nfa::kAccept);
  }
  // A place: which values have been written. How many those are says the position.
  std::map<unsigned, std::uint32_t> state_of;
  std::vector<unsigned> todo;
  const auto after = [&](unsigned set) {
    const auto [at, added] = state_of.emplace(set, 0);
    if (added) at->second = nfa.add_state(), todo.push_back(set);
    return at->second;
  };
  const auto add_items = [&](unsigned set, std::uint32_t begin) {
    const auto written = static_cast<std::size_t>(std::popcount(set));
    if (written >= most) return;
    const unsigned next = allowed[std::min(written, listed)] & ~set;
    for (std::size_t v = 0; v < values.size(); ++v) {
      if ((next >> v & 1) != 0) builder_.add_call(nfa, begin, rules[v], after(set | 1u << v));
    }
  };
  if (least == 0) add_blank(nfa, from, to);
  const std::uint32_t first = nfa.add_state();
  add_blank(nfa, from, first);
  add_items(0, first);
  for (std::size_t i = 0; i < todo.size(); ++i) {
    const unsigned set = todo[i];
    if (todo.size() > kMaxSets)
      document_.error(keyword, "too many sets of values", "lower maxItems");
    spend(values.size());
    if (static_cast<std::size_t>(std::popcount(set)) >= least) add_blank(nfa, state_of.at(set), to);
    add_items(set, add_comma(nfa, state_of.at(set)));
  }
}

}  // namespace parley::engine
