#include "constraint/schema/schema_members.hpp"

#include <algorithm>

#include "constraint/encoding.hpp"

namespace parley::engine {

SchemaCompiler::Members::Members(SchemaCompiler& compiler, Nfa& nfa, const Parts& parts)
    : compiler_(compiler),
      nfa_(nfa),
      parts_(parts),
      declared_(compiler.properties(parts)),
      witnesses_(compiler.witnesses(parts)),
      others_(compiler.other_keys(parts, declared_, witnesses_)) {
  const SchemaDocument& document = compiler.document_;
  std::size_t most = GrammarBuilder::kUnbounded;
  for (const Part& part : parts) {
    least_ = std::max<std::size_t>(least_, document.count(*part, "minProperties").value_or(0));
    most = std::min<std::size_t>(most, document.count(*part, "maxProperties").value_or(~0u));
  }
  bounded_ = most != GrammarBuilder::kUnbounded && (most < declared_.size() || !others_.empty());
  counts_ = bounded_ ? most : std::max<std::size_t>(least_, 1);
  constexpr std::size_t kMaxPlaces = 100'000;
  if ((counts_ + 1) * (declared_.size() + 1) > kMaxPlaces) {
    document.error(*parts.front(), "too many properties to be counted",
                   "lower minProperties or maxProperties");
  }
  compiler.spend((counts_ + 1) * (declared_.size() + 1) / 10);
}

std::vector<std::uint32_t> SchemaCompiler::Members::new_places() {
  std::vector<std::uint32_t> out(index(counts_ + 1, 0));
  for (std::uint32_t& place : out) place = nfa_.add_state();
  return out;
}

void SchemaCompiler::Members::add(std::uint32_t from, std::uint32_t to) {
  place_ = new_places();
  compiler_.add_blank(nfa_, from, place_[0]);
  for (const Property& property : declared_) add_declared(property);
  for (const KeyClass& keys : others_) add_others(keys);
  const std::uint32_t end = nfa_.add_state();
  const unsigned all = (1u << witnesses_.size()) - 1;
  for (std::size_t c = least_; c <= counts_; ++c) nfa_.add_epsilon(place_[index(c, all)], end);
  compiler_.add_blank(nfa_, end, to);
}

void SchemaCompiler::Members::begin(std::size_t after, unsigned seen, std::uint32_t state) {
  const auto from = [&](std::size_t written) {
    const std::uint32_t place = place_[index(written, seen)];
    nfa_.add_epsilon(written == 0 ? place : compiler_.add_comma(nfa_, place), state);
  };
  from(after - 1);
  if (after == counts_ && !bounded_) from(counts_);
}

void SchemaCompiler::Members::add_declared(const Property& property) {
  const std::vector<std::uint32_t> next = new_places();
  const std::string key = to_text(Json(property.name));
  const std::u32string name = code_points(property.name);
  const unsigned all = 1u << witnesses_.size();
  for (std::size_t after = 1; after <= counts_ && property.value; ++after) {
    for (unsigned seen = 0; seen < all; ++seen) {
      const std::uint32_t begins = nfa_.add_state(), named = nfa_.add_state();
      begin(after, seen, begins);
      nfa_.add_bytes(begins, key, named);
      const std::uint32_t value = compiler_.add_colon(nfa_, named);
      compiler_.add_value(nfa_, value, property.value, next[index(after, seen)]);
      for (std::size_t w = 0; w < witnesses_.size(); ++w) {
        if ((seen >> w & 1) != 0 || !witnesses_[w].keys.accepts(name)) continue;
        MaybeParts both = property.value;
        if (!compiler_.hold(*both, *witnesses_[w].value, nullptr)) continue;
        compiler_.add_value(nfa_, value, both, next[index(after, seen | 1u << w)]);
      }
    }
  }
  for (std::size_t i = 0; i < place_.size() && !property.required; ++i)
    nfa_.add_epsilon(place_[i], next[i]);
  place_ = next;
}

void SchemaCompiler::Members::add_others(const KeyClass& keys) {
  RuleId name = 0;
  if (keys.keys) {
    name = compiler_.builder_.add_rule();
    compiler_.add_quoted(compiler_.builder_.body(name), Nfa::kStart, *keys.keys, Nfa::kAccept);
  } else {
    std::vector<std::string> names;
    for (const Property& property : declared_) names.push_back(property.name);
    name = compiler_.other_name(names);
  }
  const unsigned all = 1u << witnesses_.size();
  for (std::size_t after = 1; after <= counts_; ++after) {
    for (unsigned seen = 0; seen < all; ++seen) {
      const std::uint32_t begins = nfa_.add_state(), named = nfa_.add_state();
      begin(after, seen, begins);
      compiler_.builder_.add_call(nfa_, begins, name, named);
      const std::uint32_t value = compiler_.add_colon(nfa_, named);
      compiler_.add_value(nfa_, value, keys.value, place_[index(after, seen)]);
      for (std::size_t w = 0; w < witnesses_.size(); ++w) {
        if ((seen >> w & 1) != 0 || (keys.witnesses >> w & 1) == 0) continue;
        Schemas values = keys.values;
        values.push_back(witnesses_[w].value);
        compiler_.add_value(nfa_, value, compiler_.conjunction(values),
                            place_[index(after, seen | 1u << w)]);
      }
    }
  }
}

}  // namespace parley::engine
