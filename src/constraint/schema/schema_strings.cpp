// string: lengths, patterns and formats.
#include <algorithm>

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
  for (const Json* part : parts) {
    least = std::max(least, document_.count(*part, "minLength").value_or(0));
    most = std::min(most, document_.count(*part, "maxLength").value_or(most));
  }
  return {least, most};
}

std::optional<Dfa> SchemaCompiler::string_language(const Parts& parts) {
  std::optional<Dfa> out;
  for (const Json* part : parts) {
    const auto restrict_to = [&](const Dfa& dfa, const char* keyword) {
      spend(dfa.states.size());
      out = out ? intersect(*out, dfa, limit_at(*document_.find(*part, keyword))) : dfa;
    };
    if (const auto text = document_.text(*part, "pattern")) {
      restrict_to(pattern(*document_.find(*part, "pattern"), *text), "pattern");
    }
    if (const auto format = document_.text(*part, "format")) {
      if (const auto regex = format_regex(*format)) {
        const Json& where = *document_.find(*part, "format");
        restrict_to(pattern(where, "^(?:" + *regex + ")$"), "format");
      }
    }
  }
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
    any_string_ = builder_.add_rule();
    builder_.body(*any_string_).add_dfa(Nfa::kStart, json_string_dfa(), Nfa::kAccept);
  }
  return *any_string_;
}

void SchemaCompiler::add_string(Nfa& nfa, std::uint32_t from, const Parts& parts,
                                std::uint32_t to) {
  const auto [least, most] = string_lengths(parts);
  if (least > most) return;
  const bool any_length = least == 0 && most == GrammarBuilder::kUnbounded;
  std::optional<Dfa> language = string_language(parts);
  if (!language && any_length) return builder_.add_call(nfa, from, any_string(), to);
  if (!language) {
    const auto [at, added] = counted_strings_.emplace(std::pair(least, most), 0);
    if (added) at->second = builder_.add_counted_string(least, most);
    return builder_.add_call(nfa, from, at->second, to);
  }
  if (!any_length) {
    const SizeLimit limit = limit_at(*parts.front());
    language = intersect(*language, any_text(least, most, limit), limit);
  }
  add_quoted(nfa, from, *language, to);
}

void SchemaCompiler::add_quoted(Nfa& nfa, std::uint32_t from, const Dfa& words, std::uint32_t to) {
  if (words.empty()) return;
  spend(words.states.size());
  const std::uint32_t open = nfa.add_state(), close = nfa.add_state();
  nfa.add_edge(from, '"', '"', open);
  nfa.add_dfa(open, encode_json_string(words, limit_at(document_.root())), close);
  nfa.add_edge(close, '"', '"', to);
}

// The keys that a schema of "propertyNames" allows.
Dfa SchemaCompiler::key_language(const Parts& parts) {
  const Json& where = *parts.front();
  const SizeLimit limit = limit_at(where);
  for (const Json* part : parts) {
    for (const char* keyword : {"anyOf", "oneOf"}) {
      if (const Json* found = document_.find(*part, keyword)) {
        document_.unsupported(*found);
      }
    }
  }
  const auto [least, most] = string_lengths(parts);
  if (least > most || (types(parts) & kString) == 0) return Dfa();
  Dfa out = any_text(least, most, limit);
  if (const std::optional<Dfa> language = string_language(parts)) {
    out = intersect(out, *language, limit);
  }
  for (const Json* part : parts) {
    const Json* fixed = document_.find(*part, "const");
    const Json* values = document_.array(*part, "enum");
    if (fixed == nullptr && values == nullptr) continue;
    Nfa listed;
    const auto add = [&](const Json& value) {
      if (!value.is_string()) return;
      const std::u32string word = code_points(value.get_ref<const std::string&>());
      listed.add_dfa(Nfa::kStart, literal_dfa(word), Nfa::kAccept);
    };
    if (fixed != nullptr) {
      add(*fixed);
    } else {
      for (const Json& value : *values) add(value);
    }
    out = intersect(out, determinize(listed, limit), limit);
  }
  return out;
}

}  // namespace parley::engine
