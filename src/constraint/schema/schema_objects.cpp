// object: which keys there may be, and what their values must satisfy.
#include <algorithm>
#include <set>

#include "constraint/encoding.hpp"
#include "constraint/schema/schema_compiler.hpp"
#include "constraint/schema/schema_members.hpp"

namespace parley::engine {

SchemaCompiler::MaybeParts SchemaCompiler::property_value(const Parts& parts,
                                                          const std::string& name) {
  Schemas out;
  for (const Part& part : parts) {
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
    if (const Json* rest = document_.schema(schema, "unevaluatedProperties")) {
      const Parts looked = evaluating(parts, schema);
      const bool evaluated = std::any_of(looked.begin(), looked.end(), [&](const Part& one) {
        const bool all = one.schema != &schema && one.schema->contains("unevaluatedProperties");
        return all || evaluates_property(*one, name);
      });
      if (!evaluated) out.push_back(rest);
    }
  }
  return conjunction(out);
}

std::vector<SchemaCompiler::Property> SchemaCompiler::properties(const Parts& parts) {
  std::vector<Property> out;
  std::set<std::string> known, required;
  const auto add = [&](const std::string& name) {
    if (known.insert(name).second) out.push_back({name, std::nullopt, false});
  };
  for (const Part& part : parts) {
    if (const Json* own = document_.object(*part, "properties")) {
      for (const auto& [name, value] : own->items()) add(name);
    }
  }
  for (const Part& part : parts) {
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
  for (const Part& part : parts) {
    const Json* names = document_.schema(*part, "propertyNames");
    if (names == nullptr) continue;
    const MaybeParts all = conjunction({names});
    if (all && all->empty()) continue;
    const Dfa keys = key_language(all);
    out = out ? intersect(*out, keys, limit_at(*names)) : keys;
  }
  return out;
}

std::vector<SchemaCompiler::Witness> SchemaCompiler::witnesses(const Parts& parts) {
  std::vector<Witness> out;
  for (const Part& part : parts) {
    const Json* some = document_.find_made(*part, "some member");
    if (some == nullptr) continue;
    constexpr std::size_t kMaxWitnesses = 3;
    if (out.size() == kMaxWitnesses) document_.error(*some, "too many conditions that must fail");
    out.push_back({key_language(conjunction({&(*some)["keys"]})), &(*some)["value"]});
  }
  return out;
}

// Keys that are not declared, divided by the patterns they match and by what witnesses ask of them.
std::vector<SchemaCompiler::KeyClass> SchemaCompiler::other_keys(
    const Parts& parts, const std::vector<Property>& declared,
    const std::vector<Witness>& witnesses) {
  struct Pattern {
    std::size_t part;  // none of them: a witness's
    const Json* value;
    const Dfa* keys;
  };
  constexpr std::size_t kMaxPatterns = 16, kMaxClasses = 64;
  std::vector<Pattern> patterns;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Json* own = document_.object(*parts[i], "patternProperties");
    if (own == nullptr) continue;
    for (const auto& [text, value] : own->items()) {
      patterns.push_back({i, &value, &pattern(value, text)});
    }
    if (patterns.size() > kMaxPatterns) {
      document_.error(*own, "more than 16 patterns at once are not supported");
    }
  }
  const std::size_t own_patterns = patterns.size();
  for (const Witness& witness : witnesses)
    patterns.push_back({~std::size_t{0}, nullptr, &witness.keys});
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
    if (classes.size() > kMaxClasses)
      document_.error(*parts.front(), "its patterns overlap in too many ways");
  }

  std::vector<KeyClass> out;
  for (Class& c : classes) {
    const auto matches = [&](std::size_t part) {
      for (std::size_t p = 0; p < own_patterns; ++p) {
        if (patterns[p].part == part && (c.matched >> p & 1) != 0) return true;
      }
      return false;
    };
    Schemas values;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      for (std::size_t p = 0; p < own_patterns; ++p) {
        if (patterns[p].part == i && (c.matched >> p & 1) != 0) values.push_back(patterns[p].value);
      }
      const Json* others = document_.schema(*parts[i], "additionalProperties");
      if (!matches(i) && others != nullptr) values.push_back(others);
      const Json* rest = document_.schema(*parts[i], "unevaluatedProperties");
      if (rest == nullptr) continue;
      bool evaluated = false;
      for (const Part& one : evaluating(parts, *parts[i])) {
        const auto at = std::find(parts.begin(), parts.end(), one) - parts.begin();
        evaluated =
            evaluated || matches(static_cast<std::size_t>(at)) ||
            one.schema->contains("additionalProperties") ||
            (one.schema != parts[i].schema && one.schema->contains("unevaluatedProperties"));
      }
      if (!evaluated) values.push_back(rest);
    }
    KeyClass& known = out.emplace_back();
    known.value = conjunction(values);
    known.values = std::move(values);
    known.witnesses = c.matched >> own_patterns;
    known.keys = std::move(c.keys);
    if (known.value && known.keys && !declared.empty()) {
      Nfa names;
      for (const Property& p : declared)
        names.add_dfa(Nfa::kStart, literal_dfa(code_points(p.name)), Nfa::kAccept);
      known.keys = subtract(*known.keys, determinize(names, limit), limit);
    }
    if (!known.value || (known.keys && known.keys->empty())) out.pop_back();
  }
  return out;
}

void SchemaCompiler::add_object(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                std::uint32_t to) {
  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '{', '{', open);
  Members(*this, nfa, parts).add(open, close);
  nfa.add_edge(close, '}', '}', to);
}

}  // namespace parley::engine
