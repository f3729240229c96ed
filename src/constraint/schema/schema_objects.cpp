// object: declared properties in the order written, then any others.
#include <algorithm>
#include <set>

#include "constraint/encoding.hpp"
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {
SchemaCompiler::MaybeParts SchemaCompiler::property_value(const Parts& parts,
                                                          const std::string& name) {
  Parts out;
  for (const Json* part : parts) {
    const Json& schema = *part;
    bool named = false;
    if (const Json* own = document_.object(schema, "properties")) {
      if (const auto at = own->find(name); at != own->end()) {
        out.push_back(&*at);
        named = true;
      }
    }
    if (const Json* patterns = document_.object(schema, "patternProperties")) {
      for (const auto& [text, value] : patterns->items()) {
        if (!pattern(value, text).accepts(code_points(name))) continue;
        out.push_back(&value);
        named = true;
      }
    }
    const Json* others = document_.schema(schema, "additionalProperties");
    if (!named && others != nullptr) out.push_back(others);
  }
  return conjunction(out);
}

std::vector<SchemaCompiler::Property> SchemaCompiler::properties(const Parts& parts) {
  std::vector<Property> out;
  std::set<std::string> known, required;
  const auto add = [&](const std::string& name) {
    if (known.insert(name).second) out.push_back({name, std::nullopt, false});
  };
  for (const Json* part : parts) {
    if (const Json* own = document_.object(*part, "properties")) {
      for (const auto& [name, value] : own->items()) add(name);
    }
  }
  for (const Json* part : parts) {
    const Json* names = document_.array(*part, "required");
    if (names == nullptr) continue;
    for (const Json& name : *names) {
      if (!name.is_string()) document_.error(name, "must be the name of a property");
      required.insert(name.get<std::string>());
      add(name.get<std::string>());
    }
  }
  const std::optional<Dfa> allowed = allowed_keys(parts);
  for (Property& p : out) {
    spend(parts.size());
    p.required = required.contains(p.name);
    if (!allowed || allowed->accepts(code_points(p.name))) p.value = property_value(parts, p.name);
  }
  return out;
}

// What "propertyNames" allows; nothing: every key.
std::optional<Dfa> SchemaCompiler::allowed_keys(const Parts& parts) {
  std::optional<Dfa> out;
  for (const Json* part : parts) {
    const Json* names = document_.schema(*part, "propertyNames");
    if (names == nullptr) continue;
    const MaybeParts all = conjunction({names});
    if (all && all->empty()) continue;
    const Dfa keys = all ? key_language(*all) : Dfa();
    out = out ? intersect(*out, keys, limit_at(*names)) : keys;
  }
  return out;
}

bool SchemaCompiler::closed_by_default(const Parts& parts) const {
  return std::any_of(parts.begin(), parts.end(), [&](const Json* part) {
    const Json* rest = document_.find(*part, "unevaluatedProperties");
    if (rest != nullptr) return !rest->get<bool>();
    const bool lists =
        document_.find(*part, "properties") || document_.find(*part, "patternProperties");
    return lists && !options_.open_by_default;
  });
}

// Keys that are not declared, divided by the patterns they match.
std::vector<SchemaCompiler::KeyClass> SchemaCompiler::other_keys(
    const Parts& parts, const std::vector<Property>& declared) {
  struct Pattern {
    std::size_t part;
    const Json* value;
    const Dfa* keys;
  };
  std::vector<Pattern> patterns;
  bool any_rest = false;  // some schema says what other properties are like
  for (std::size_t i = 0; i < parts.size(); ++i) {
    any_rest = any_rest || document_.schema(*parts[i], "additionalProperties") != nullptr;
    const Json* own = document_.object(*parts[i], "patternProperties");
    if (own == nullptr) continue;
    for (const auto& [text, value] : own->items()) {
      patterns.push_back({i, &value, &pattern(value, text)});
    }
    constexpr std::size_t kMaxPatterns = 8;
    if (patterns.size() > kMaxPatterns) {
      document_.error(*own, "more than 8 patterns at once are not supported");
    }
  }
  const bool closed = closed_by_default(parts);
  const SizeLimit limit = limit_at(parts.empty() ? document_.root() : *parts.front());

  struct Class {
    std::optional<Dfa> keys;  // none: every key
    unsigned matched = 0;     // bit i: patterns[i]
  };
  const auto not_in = [&](const std::optional<Dfa>& keys, const Dfa& without) {
    return subtract(keys ? *keys : any_text(0, GrammarBuilder::kUnbounded, limit), without, limit);
  };
  std::vector<Class> classes(1);
  classes[0].keys = allowed_keys(parts);
  for (std::size_t p = 0; p < patterns.size(); ++p) {
    std::vector<Class> split;
    for (const Class& c : classes) {
      spend(1000);
      const Dfa& keys = *patterns[p].keys;
      split.push_back({c.keys ? intersect(*c.keys, keys, limit) : keys, c.matched | 1u << p});
      split.push_back({not_in(c.keys, keys), c.matched});
    }
    std::erase_if(split, [](const Class& c) { return c.keys->empty(); });
    classes = std::move(split);
  }

  Nfa names;
  for (const Property& p : declared) {
    names.add_dfa(Nfa::kStart, literal_dfa(code_points(p.name)), Nfa::kAccept);
  }
  const Dfa declared_keys = determinize(names, limit);
  std::vector<KeyClass> out;
  for (Class& c : classes) {
    if (c.matched == 0 && !any_rest && closed) continue;
    Parts values;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      bool matched = false;
      for (std::size_t p = 0; p < patterns.size(); ++p) {
        if (patterns[p].part != i || (c.matched >> p & 1) == 0) continue;
        values.push_back(patterns[p].value);
        matched = true;
      }
      const Json* rest = document_.schema(*parts[i], "additionalProperties");
      if (!matched && rest != nullptr) values.push_back(rest);
    }
    MaybeParts value = conjunction(values);
    if (!value) continue;
    if (!declared.empty()) c.keys = not_in(c.keys, declared_keys);
    if (c.keys && c.keys->empty()) continue;
    out.push_back({std::move(c.keys), std::move(value)});
  }
  return out;
}

void SchemaCompiler::add_object(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                std::uint32_t to) {
  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '{', '{', open);
  add_members(nfa, open, parts, properties(parts), close);
  nfa.add_edge(close, '}', '}', to);
}

// A place is known by the next declared property and how many have been written. Without bounds on
// their number it matters only whether there has been one.
void SchemaCompiler::add_members(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                 const std::vector<Property>& declared, std::uint32_t to) {
  std::size_t least = 0, most = GrammarBuilder::kUnbounded;
  for (const Json* part : parts) {
    const Json& schema = *part;
    least = std::max<std::size_t>(least, document_.count(schema, "minProperties").value_or(0));
    most = std::min<std::size_t>(most, document_.count(schema, "maxProperties").value_or(~0u));
  }
  const std::vector<KeyClass> others = other_keys(parts, declared);
  const bool bounded =
      most != GrammarBuilder::kUnbounded && (most < declared.size() || !others.empty());
  const std::size_t counts = bounded ? most : std::max<std::size_t>(least, 1);
  constexpr std::size_t kMaxPlaces = 100'000;
  if ((counts + 1) * (declared.size() + 1) > kMaxPlaces) {
    document_.error(*parts.front(), "too many properties to be counted",
                    "lower minProperties or maxProperties");
  }
  spend((counts + 1) * (declared.size() + 1) / 10);

  // before(c): the state where the name of property i may begin as the c-th one. It is shared by
  // all ways that lead there.
  std::vector<std::uint32_t> place(counts + 1);  // c properties written so far
  for (std::uint32_t& p : place) p = nfa.add_state();
  add_blank(nfa, from, place[0]);
  const auto begin_member = [&](std::size_t written, std::uint32_t state) {
    if (written == 0) {
      nfa.add_epsilon(place[0], state);
    } else {
      nfa.add_epsilon(add_comma(nfa, place[written]), state);
    }
  };
  for (const Property& p : declared) {
    std::vector<std::uint32_t> next(counts + 1);
    for (std::uint32_t& n : next) n = nfa.add_state();
    const std::string key = to_text(Json(p.name));
    for (std::size_t after = 1; after <= counts && p.value; ++after) {
      const std::uint32_t begin = nfa.add_state(), named = nfa.add_state();
      begin_member(after - 1, begin);
      if (after == counts && !bounded) begin_member(counts, begin);
      nfa.add_bytes(begin, key, named);
      add_value(nfa, add_colon(nfa, named), p.value, next[after]);
    }
    for (std::size_t c = 0; c <= counts && !p.required; ++c) nfa.add_epsilon(place[c], next[c]);
    place = next;
  }
  for (const KeyClass& other : others) {
    RuleId name = any_string();
    if (other.keys) {
      name = builder_.add_rule();
      add_quoted(builder_.body(name), Nfa::kStart, *other.keys, Nfa::kAccept);
    }
    for (std::size_t after = 1; after <= counts; ++after) {
      const std::uint32_t begin = nfa.add_state(), named = nfa.add_state();
      begin_member(after - 1, begin);
      if (after == counts && !bounded) begin_member(counts, begin);
      builder_.add_call(nfa, begin, name, named);
      add_value(nfa, add_colon(nfa, named), other.value, place[after]);
    }
  }
  const std::uint32_t end = nfa.add_state();
  for (std::size_t c = least; c <= counts; ++c) nfa.add_epsilon(place[c], end);
  add_blank(nfa, end, to);
}

}  // namespace parley::engine
