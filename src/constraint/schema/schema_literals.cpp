// Values given in the schema itself (const, enum), and the blanks between the parts of a value.
#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "constraint/encoding.hpp"
#include "constraint/number_automata.hpp"
#include "constraint/schema/schema_compiler.hpp"

namespace parley::engine {

// What every value that a schema lists is held against; made once for all of them.
struct SchemaCompiler::LiteralRules {
  struct List {
    ListedValues values;
    bool nullable;  // OpenAPI: a nullable enum need not list null
  };
  const Parts& parts;
  unsigned allowed;
  std::pair<std::uint32_t, std::uint32_t> lengths;
  ListedValues excluded;
  std::vector<List> lists = {};
  std::optional<std::optional<Dfa>> language = {};                  // of strings, once one is met
  std::map<std::pair<std::size_t, std::size_t>, Dfa> numbers = {};  // by digits of both sides
};

ListedValues SchemaCompiler::excluded_values(const Parts& parts) const {
  ListedValues out;
  for (const Part& part : parts) {
    const Json* values = document_.find_made(*part, "not enum");
    if (values == nullptr) continue;
    for (const Json& value : *values) out.add(value);
  }
  return out;
}

// Nothing when no schema of the set lists values.
std::optional<std::vector<const Json*>> SchemaCompiler::listed_values(const Parts& parts,
                                                                      unsigned allowed) {
  std::vector<const Json*> candidates;  // of the first list
  LiteralRules rules{parts, allowed, string_lengths(parts), excluded_values(parts)};
  bool nullable = false;
  const auto add_list = [&](const Json* first, std::size_t count, bool may_be_null) {
    LiteralRules::List& list = rules.lists.emplace_back(ListedValues(), may_be_null);
    for (std::size_t i = 0; i < count; ++i) {
      list.values.add(first[i]);
      if (rules.lists.size() == 1) candidates.push_back(&first[i]);
    }
  };
  for (const Part& part : parts) {
    const bool may_be_null = document_.flag(*part, "nullable");
    nullable |= may_be_null;
    if (const Json* fixed = document_.find(*part, "const")) add_list(fixed, 1, may_be_null);
    if (const Json* values = document_.array(*part, "enum"))
      add_list(values->empty() ? nullptr : &values->front(), values->size(), may_be_null);
  }
  if (rules.lists.empty()) return std::nullopt;
  static const Json kNullValue;
  if (nullable) candidates.push_back(&kNullValue);
  std::vector<const Json*> out;
  for (const Json* value : candidates) {
    spend(1 + parts.size());
    if (literal_fits(*value, rules)) out.push_back(value);
  }
  return out;
}

bool SchemaCompiler::add_literals(Nfa& nfa, const Parts& parts, unsigned allowed) {
  const auto values = listed_values(parts, allowed);
  if (!values) return false;
  for (const Json* value : *values) add_json(nfa, Nfa::kStart, *value, Nfa::kAccept);
  return true;
}

std::optional<std::vector<const Json*>> SchemaCompiler::values_of(const MaybeParts& parts,
                                                                  int depth) {
  constexpr int kMaxDepth = 4;
  static const Json kWords[] = {Json(), Json(true), Json(false)};
  std::vector<const Json*> out;
  if (!parts) return out;
  if (const auto ways = alternatives(*parts)) {
    if (depth == kMaxDepth) return std::nullopt;
    for (const Parts& way : *ways) {
      const auto few = values_of(way, depth + 1);
      if (!few) return std::nullopt;
      out.insert(out.end(), few->begin(), few->end());
    }
    return out;
  }
  const unsigned allowed = types(*parts);
  if (auto listed = listed_values(*parts, allowed)) return listed;
  if ((allowed & ~(kNull | kBoolean)) != 0) return std::nullopt;
  const ListedValues excluded = excluded_values(*parts);
  for (const Json& word : kWords) {
    if ((allowed & type_of(word)) != 0 && !excluded.has(word)) out.push_back(&word);
  }
  return out;
}

bool SchemaCompiler::literal_fits(const Json& value, LiteralRules& rules) {
  const auto is = [&](unsigned bit) { return (rules.allowed & bit) != 0; };
  if (rules.excluded.has(value)) return false;
  for (const LiteralRules::List& list : rules.lists) {
    if (!(value.is_null() && list.nullable) && !list.values.has(value)) return false;
  }
  switch (value.type()) {
    case Json::value_t::null:
      return is(kNull);
    case Json::value_t::boolean:
      return is(kBoolean);
    case Json::value_t::string: {
      if (!is(kString)) return false;
      const std::u32string text = code_points(value.get_ref<const std::string&>());
      const auto [least, most] = rules.lengths;
      if (text.size() < least || text.size() > most) return false;
      if (!rules.language) rules.language.emplace(string_language(rules.parts));
      return !*rules.language || (*rules.language)->accepts(text);
    }
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
    case Json::value_t::number_float: {
      if ((rules.allowed & type_of(value)) == 0) return false;
      const std::optional<Decimal> number = parse_decimal(to_text(value));
      if (!number) document_.error(value, "the number is too large or too small");
      std::string plain = number->negative ? "-" : "";
      plain += number->whole.empty() ? "0" : number->whole;
      if (!number->fraction.empty()) plain += "." + number->fraction;
      const std::pair digits(number->whole.size(), number->fraction.size());
      auto known = rules.numbers.find(digits);
      if (known == rules.numbers.end()) {
        Dfa dfa = numbers(rules.parts, rules.allowed, digits.first, digits.second);
        known = rules.numbers.emplace(digits, std::move(dfa)).first;
      }
      return known->second.accepts(code_points(plain));
    }
    default:
      break;
  }
  if (!is(value.is_array() ? kArray : kObject)) return false;
  for (const Part& part : rules.parts) {
    for (const char* k :
         {"properties", "required", "additionalProperties", "patternProperties", "propertyNames",
          "minProperties", "maxProperties", "unevaluatedProperties", "some member", "items",
          "prefixItems", "minItems", "maxItems", "contains", "uniqueItems", "unevaluatedItems"}) {
      if (const Json* found = document_.find(*part, k)) {
        document_.error(*found, "is not supported beside an enum or const of arrays or objects",
                        "list only the values that fit");
      }
    }
  }
  return true;
}

void SchemaCompiler::add_json(Nfa& nfa, std::uint32_t from, const Json& value, std::uint32_t to) {
  spend(1);
  if (!value.is_structured()) {
    const std::string text = to_text(value);
    nfa.add_bytes(from, text, to);
    // A number also without the exponent or the ".0" that it may be written with.
    const std::optional<Decimal> number = value.is_number() ? parse_decimal(text) : std::nullopt;
    constexpr std::size_t kMaxDigits = 40;
    if (!number || number->whole.size() + number->fraction.size() > kMaxDigits) return;
    std::string plain = number->negative ? "-" : "";
    plain += number->whole.empty() ? "0" : number->whole;
    if (!number->fraction.empty()) plain += "." + number->fraction;
    if (plain != text) nfa.add_bytes(from, plain, to);
    return;
  }
  const bool is_object = value.is_object();
  std::uint32_t at = nfa.add_state();
  nfa.add_bytes(from, is_object ? "{" : "[", at);
  if (!value.empty()) {
    const std::uint32_t inside = nfa.add_state();
    add_blank(nfa, at, inside);
    at = inside;
  }
  bool first = true;
  for (const auto& [key, item] : value.items()) {
    if (!first) at = add_comma(nfa, at);
    first = false;
    if (is_object) {
      const std::uint32_t named = nfa.add_state();
      nfa.add_bytes(at, to_text(Json(key)), named);
      at = add_colon(nfa, named);
    }
    const std::uint32_t next = nfa.add_state();
    add_json(nfa, at, item, next);
    at = next;
  }
  if (!value.empty()) {
    const std::uint32_t inside = nfa.add_state();
    add_blank(nfa, at, inside);
    at = inside;
  }
  nfa.add_bytes(at, is_object ? "}" : "]", to);
}

void SchemaCompiler::add_blank(Nfa& nfa, std::uint32_t from, std::uint32_t to) {
  nfa.add_epsilon(from, to);
  if (options_.space != JsonSpace::kFlexible) return;
  if (!blank_) {
    // A model that may write blanks without end sometimes does.
    constexpr int kSpaces = 2, kIndent = 64;
    blank_ = builder_.add_rule();
    Nfa& blank = builder_.body(*blank_);
    std::uint32_t at = Nfa::kStart;
    for (int i = 0; i < kSpaces; ++i) {
      const std::uint32_t next = blank.add_state();
      blank.add_edge(at, ' ', ' ', next);
      blank.add_epsilon(next, Nfa::kAccept);
      at = next;
    }
    at = blank.add_state();
    const std::uint32_t carriage_return = blank.add_state();
    blank.add_edge(Nfa::kStart, '\r', '\r', carriage_return);
    blank.add_edge(Nfa::kStart, '\n', '\n', at);
    blank.add_edge(carriage_return, '\n', '\n', at);
    for (int i = 0; i < kIndent; ++i) {
      const std::uint32_t next = blank.add_state();
      blank.add_epsilon(at, Nfa::kAccept);
      blank.add_edge(at, ' ', ' ', next);
      blank.add_edge(at, '\t', '\t', next);
      at = next;
    }
    blank.add_epsilon(at, Nfa::kAccept);
  }
  builder_.add_call(nfa, from, *blank_, to);
}

std::uint32_t SchemaCompiler::add_comma(Nfa& nfa, std::uint32_t from) {
  return add_mark(nfa, from, ',');
}

std::uint32_t SchemaCompiler::add_colon(Nfa& nfa, std::uint32_t from) {
  return add_mark(nfa, from, ':');
}

std::uint32_t SchemaCompiler::add_mark(Nfa& nfa, std::uint32_t from, char mark) {
  const std::uint32_t before = nfa.add_state(), read = nfa.add_state(), after = nfa.add_state();
  const auto byte = static_cast<unsigned char>(mark);
  add_blank(nfa, from, before);
  nfa.add_edge(before, byte, byte, read);
  add_blank(nfa, read, after);
  if (options_.space == JsonSpace::kOne) nfa.add_edge(read, ' ', ' ', after);
  return after;
}

}  // namespace parley::engine
