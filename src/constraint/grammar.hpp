// What a reply must look like: a JSON Schema, a regular expression, a list of choices or a GBNF
// grammar, compiled once and shared by any number of requests (grammar_matcher.hpp). What is
// supported of each, and what is not: docs/structured-output.md. Grammars are immutable and
// thread-safe.
//
// Errors of all compile functions: kInvalidInput, naming the place (JSON path, column, or line) and
// what is wrong there, or that the source is too large. Compiling takes bounded time and memory
// whatever the input.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "constraint/pushdown.hpp"

namespace parley::engine {

class Grammar {
 public:
  explicit Grammar(std::shared_ptr<const Pushdown> pushdown) : pushdown_(std::move(pushdown)) {}
  const std::shared_ptr<const Pushdown>& pushdown() const { return pushdown_; }
  std::size_t states() const { return pushdown_->stored_states(); }
  std::size_t bytes() const { return pushdown_->bytes(); }

 private:
  std::shared_ptr<const Pushdown> pushdown_;
};

using GrammarPtr = std::shared_ptr<const Grammar>;

enum class JsonSpace {
  kOne,       // one space or none after ':' and ',', none elsewhere: as models write by themselves
  kNone,      // none at all
  kFlexible,  // wherever JSON has them: line breaks with indents, or a blank or two
};

struct JsonSchemaOptions {
  JsonSpace space = JsonSpace::kFlexible;
};

// A schema of draft 2020-12, 2019-09, 7, 6 or 4; properties come in the order written.
GrammarPtr compile_json_schema(const Json& schema, const JsonSchemaOptions& options = {});
// Any JSON object: OpenAI's response_format "json_object".
GrammarPtr compile_json_object(const JsonSchemaOptions& options = {});
// The whole reply matches `pattern` (UTF-8).
GrammarPtr compile_regex(std::string_view pattern);
// The reply is one of `choices` (UTF-8, none empty).
GrammarPtr compile_choice(std::span<const std::string> choices);
// llama.cpp's grammar format; the reply is the rule `root`.
GrammarPtr compile_gbnf(std::string_view text);

}  // namespace parley::engine
