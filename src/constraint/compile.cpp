// The front doors of grammar.hpp but GBNF (gbnf.cpp).
#include "base/error.hpp"
#include "constraint/encoding.hpp"
#include "constraint/grammar.hpp"
#include "constraint/grammar_builder.hpp"
#include "constraint/regex.hpp"
#include "constraint/schema/schema_compiler.hpp"
#include "text/utf8.hpp"

namespace parley::engine {

GrammarPtr compile_json_schema(const Json& schema, const JsonSchemaOptions& options) {
  return SchemaCompiler(schema, options).compile();
}

GrammarPtr compile_json_object(const JsonSchemaOptions& options) {
  static const Json kAnyObject{{"type", "object"}};
  return compile_json_schema(kAnyObject, options);
}

GrammarPtr compile_regex(std::string_view pattern) {
  std::size_t budget = 10'000'000;
  const SizeLimit limit{50'000, "regular expression", &budget};
  const Dfa bytes = encode_utf8(parse_regex(pattern, RegexMatch::kWhole, limit), limit);
  GrammarBuilder builder(limit.what);
  const RuleId root = builder.add_rule();
  builder.body(root).add_dfa(Nfa::kStart, bytes, Nfa::kAccept);
  return std::make_shared<Grammar>(builder.build(root));
}

GrammarPtr compile_choice(std::span<const std::string> choices) {
  constexpr std::size_t kMaxBytes = 1 << 20;
  GrammarBuilder builder("list of choices");
  const RuleId root = builder.add_rule();
  std::size_t total = 0;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    total += choices[i].size();
    const char* problem = nullptr;
    if (choices[i].empty()) problem = "is empty";
    if (!text::is_valid_utf8(choices[i])) problem = "is not valid UTF-8";
    if (total > kMaxBytes) problem = "makes the list longer than 1 MiB";
    if (problem != nullptr) {
      fail(ErrorKind::kInvalidInput, "choice " + std::to_string(i + 1) + " " + problem);
    }
    builder.body(root).add_bytes(Nfa::kStart, choices[i], Nfa::kAccept);
  }
  if (choices.empty()) fail(ErrorKind::kInvalidInput, "the list of choices is empty");
  return std::make_shared<Grammar>(builder.build(root));
}

}  // namespace parley::engine
