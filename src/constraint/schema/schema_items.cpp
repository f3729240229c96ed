#include "constraint/schema/schema_items.hpp"

#include <algorithm>

namespace parley::engine {

SchemaCompiler::Items::Items(SchemaCompiler& compiler, Nfa& nfa, const Parts& parts,
                             std::size_t least, std::size_t most)
    : compiler_(compiler),
      nfa_(nfa),
      parts_(parts),
      least_(least),
      most_(most),
      kinds_(compiler.contained(parts)),
      listed_(compiler.listed_items(parts)) {
  constexpr std::size_t kMaxCounted = 10'000;
  const bool bounded = most != GrammarBuilder::kUnbounded;
  if (least > kMaxCounted || (bounded && most > kMaxCounted)) {
    compiler.document_.error(*parts.front(),
                             "minItems and maxItems beyond 10,000 are not supported");
  }
  alike_ = std::max({listed_, least, std::size_t{1}});
  std::size_t places = bounded ? most : alike_;
  for (const Contains& kind : kinds_) {
    const bool limited = kind.most != GrammarBuilder::kUnbounded;
    const std::size_t counted = (limited ? kind.most : kind.least) + 1;
    places = counted > kMaxCounted ? kMaxCounted * 10 : places * (counted + 1);
    if (places > kMaxCounted * 2) {
      compiler.document_.error(*kind.schema, "too many items to be counted",
                               "lower minContains, maxContains or maxItems");
    }
  }
  compiler.spend(places);
}

void SchemaCompiler::Items::add(std::uint32_t from, std::uint32_t to) {
  const Place first{0, std::vector<std::size_t>(kinds_.size())};
  if (may_end(first)) compiler_.add_blank(nfa_, from, to);
  if (most_ == 0) return;
  const std::uint32_t begin = nfa_.add_state();
  compiler_.add_blank(nfa_, from, begin);
  add_item(first, begin);
  for (std::size_t i = 0; i < todo_.size(); ++i) {
    const Place place = todo_[i];
    const std::uint32_t state = states_.at(place);
    if (may_end(place)) compiler_.add_blank(nfa_, state, to);
    if (place.first < most_) add_item(place, compiler_.add_comma(nfa_, state));
  }
}

bool SchemaCompiler::Items::may_end(const Place& place) const {
  for (std::size_t k = 0; k < kinds_.size(); ++k) {
    if (place.second[k] < kinds_[k].least) return false;
  }
  return place.first >= least_;
}

std::uint32_t SchemaCompiler::Items::after(const Place& place) {
  const auto [at, added] = states_.emplace(place, 0);
  if (added) {
    at->second = nfa_.add_state();
    todo_.push_back(place);
  }
  return at->second;
}

// An item counts as one of a kind, or does not. Where there may be only so many of a kind, one that
// does not count is not of it.
void SchemaCompiler::Items::add_item(const Place& place, std::uint32_t from) {
  const std::size_t index = place.first;
  const bool bounded = most_ != GrammarBuilder::kUnbounded;
  for (unsigned counted = 0; counted < 1u << kinds_.size(); ++counted) {
    Place next = place;
    next.first = bounded ? index + 1 : std::min(index + 1, alike_);
    Schemas more;
    bool possible = true;
    for (std::size_t k = 0; k < kinds_.size(); ++k) {
      const Contains& kind = kinds_[k];
      const bool limited = kind.most != GrammarBuilder::kUnbounded;
      if ((counted >> k & 1) != 0) {
        more.push_back(kind.schema);
        possible = possible && index >= kind.from && (limited || next.second[k] < kind.least);
        possible = possible && ++next.second[k] <= kind.most;
      } else if (limited && index >= kind.from) {
        more.push_back(&compiler_.negation(*kind.schema));
      }
    }
    if (!possible) continue;
    const auto [at, added] =
        values_.emplace(std::pair(std::min(index, listed_), counted), std::nullopt);
    if (added) at->second = compiler_.item(parts_, index, more);
    if (at->second) compiler_.add_value(nfa_, from, at->second, after(next));
  }
}

}  // namespace parley::engine
