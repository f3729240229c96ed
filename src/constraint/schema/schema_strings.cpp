// string: lengths, patterns and formats.
#include <algorithm>

#include "constraint/counted_words.hpp"
#include "constraint/encoding.hpp"
#include "constraint/json_string.hpp"
#include "constraint/regex.hpp"
#include "constraint/schema/schema_compiler.hpp"
#include "constraint/schema/string_formats.hpp"

namespace parley::engine {
namespace {

constexpr std::size_t kMaxStringStates = 30'000;

}  // namespace

SizeLimit SchemaCompiler::limit_at(const Json& where) {
  return builder_.limit(kMaxStringStates, "JSON schema, " + document_.path(where));
}

const Dfa& SchemaCompiler::pattern(const Json& where, const std::string& text) {
  const auto known = patterns_.find(text);
  if (known != patterns_.end()) return known->second;
  spend(1000);
  return patterns_.emplace(text, parse_regex(text, RegexMatch::kSearch, limit_at(where)))
      .first->second;
}

std::pair<std::uint32_t, std::uint32_t> SchemaCompiler::string_lengths(const Parts& parts) const {
  std::uint32_t least = 0, most = GrammarBuilder::kUnbounded;
  for (const Part& part : parts) {
    least = std::max(least, document_.count(*part, "minLength").value_or(0));
    most = std::min(most, document_.count(*part, "maxLength").value_or(most));
  }
  return {least, most};
}

std::optional<Dfa> SchemaCompiler::string_language(const Parts& parts) {
  std::optional<Dfa> out;
  const auto restrict_to = [&](const Dfa& dfa, const Json& where) {
    spend(dfa.states.size());
    out = out ? intersect(*out, dfa, limit_at(where)) : dfa;
  };
  const auto restrict_without = [&](const Dfa& dfa, const Json& where) {
    spend(dfa.states.size());
    const SizeLimit limit = limit_at(where);
    out = subtract(out ? *out : any_text(0, GrammarBuilder::kUnbounded, limit), dfa, limit);
  };
  for (const Part& part : parts) {
    if (const auto text = document_.text(*part, "pattern")) {
      const Json& where = *document_.find(*part, "pattern");
      restrict_to(pattern(where, *text), where);
    }
    if (const auto format = document_.text(*part, "format")) {
      if (const Dfa* words = format_words(*format))
        restrict_to(*words, *document_.find(*part, "format"));
    }
    if (const Json* text = document_.find_made(*part, "not pattern"))
      restrict_without(pattern(*text, text->get<std::string>()), *text);
    if (const Json* format = document_.find_made(*part, "not format"))
      restrict_without(*format_words(format->get<std::string>()), *format);
  }
  const ListedValues excluded = excluded_values(parts);
  Nfa words;
  const Json* where = nullptr;
  for (const Json* value : excluded.scalars()) {
    if (!value->is_string()) continue;
    where = value;
    const std::u32string word = code_points(value->get_ref<const std::string&>());
    words.add_dfa(Nfa::kStart, literal_dfa(word), Nfa::kAccept);
  }
  if (where != nullptr) restrict_without(determinize(words, limit_at(*where)), *where);
  return out;
}

// Every text of `least` to `most` code points.
Dfa SchemaCompiler::any_text(std::uint32_t least, std::uint32_t most,
                             const SizeLimit& limit) const {
  const bool bounded = most != GrammarBuilder::kUnbounded;
  const std::uint32_t last = bounded ? most : least;
  if (last >= limit.states) fail_too_large(limit);
  Nfa nfa;
  std::uint32_t at = nfa.add_state();
  nfa.add_epsilon(Nfa::kStart, at);
  for (std::uint32_t i = 0; i <= last; ++i) {
    if (i >= least) nfa.add_epsilon(at, Nfa::kAccept);
    if (i == last) break;
    const std::uint32_t next = nfa.add_state();
    add_any_code_point(nfa, at, next);
    at = next;
  }
  if (!bounded) add_any_code_point(nfa, at, at);
  return determinize(nfa, limit);
}

RuleId SchemaCompiler::any_string() {
  if (!any_string_) {
    any_string_ = builder_.add_shared_rule();
    builder_.body(*any_string_).add_dfa(Nfa::kStart, json_string_dfa(), Nfa::kAccept);
  }
  return *any_string_;
}

RuleId SchemaCompiler::other_name(const std::vector<std::string>& names) {
  if (names.empty()) return any_string();
  const auto [at, added] = other_names_.emplace(names, 0);
  if (added) at->second = builder_.add_other_string(any_string(), names);
  return at->second;
}

// What schemas of strings say, as text that nothing else has: equal ones share a rule.
std::string SchemaCompiler::string_key(const Parts& parts) const {
  std::string out;
  for (const Part& part : parts) {
    for (const char* keyword :
         {"minLength", "maxLength", "pattern", "format", "not pattern", "not format", "not enum"}) {
      const Json* value = document_.find(*part, keyword);
      if (value != nullptr) out += keyword + (":" + to_text(*value)) + ";";
    }
  }
  return out;
}

void SchemaCompiler::add_string(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                std::uint32_t to) {
  const auto [least, most] = string_lengths(parts);
  if (least > most) return;
  const std::string key = string_key(parts);
  if (const auto known = strings_.find(key); known != strings_.end())
    return builder_.add_call(nfa, from, known->second, to);
  const bool any_length = least == 0 && most == GrammarBuilder::kUnbounded;
  const std::optional<Dfa> language = string_language(parts);
  if (language && language->empty()) return;
  RuleId rule = 0;
  if (!language) {
    rule = any_length ? any_string() : builder_.add_counted_string(least, most);
  } else {
    const SizeLimit limit = limit_at(*parts.front());
    spend(language->states.size());
    Dfa bytes = encode_json_string(*language, limit);
    const auto words = any_length ? nullptr : CountedWords::make(bytes, most);
    if (words != nullptr) {
      if (!words->may_go_on(0, least, most)) return;
      rule = builder_.add_counted_string(least, most, words);
    } else {
      if (!any_length) {
        const Dfa counted = intersect(*language, any_text(least, most, limit), limit);
        bytes = encode_json_string(counted, limit);
      }
      rule = builder_.add_rule();
      add_quoted_bytes(builder_.body(rule), Nfa::kStart, bytes, Nfa::kAccept);
    }
  }
  strings_.emplace(key, rule);
  builder_.add_call(nfa, from, rule, to);
}

void SchemaCompiler::add_quoted(Nfa& nfa, std::uint32_t from, const Dfa& words, std::uint32_t to) {
  if (words.empty()) return;
  spend(words.states.size());
  add_quoted_bytes(nfa, from, encode_json_string(words, limit_at(document_.root())), to);
}

void SchemaCompiler::add_quoted_bytes(Nfa& nfa, std::uint32_t from, const Dfa& bytes,
                                      std::uint32_t to) {
  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '"', '"', open);
  nfa.add_dfa(open, bytes, close);
  nfa.add_edge(close, '"', '"', to);
}

// The keys that a schema of "propertyNames" allows.
Dfa SchemaCompiler::key_language(const MaybeParts& parts, int depth) {
  constexpr int kMaxDepth = 8;
  if (!parts) return Dfa();
  const SizeLimit limit = limit_at(parts->empty() ? document_.root() : *parts->front());
  if (depth > kMaxDepth) fail_too_large(limit);
  if (const auto ways = alternatives(*parts)) {
    Dfa out;
    for (const Parts& way : *ways) out = unite(out, key_language(way, depth + 1), limit);
    return out;
  }
  const auto [least, most] = string_lengths(*parts);
  const unsigned allowed = types(*parts);
  if (least > most || (allowed & kString) == 0) return Dfa();
  if (const auto listed = listed_values(*parts, allowed)) {
    Nfa words;
    for (const Json* value : *listed) {
      if (!value->is_string()) continue;
      const std::u32string word = code_points(value->get_ref<const std::string&>());
      words.add_dfa(Nfa::kStart, literal_dfa(word), Nfa::kAccept);
    }
    return determinize(words, limit);
  }
  Dfa out = any_text(least, most, limit);
  if (const std::optional<Dfa> language = string_language(*parts))
    out = intersect(out, *language, limit);
  return out;
}

}  // namespace parley::engine
