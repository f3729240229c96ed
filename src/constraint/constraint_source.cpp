#include "constraint/constraint_source.hpp"

#include <memory>
#include <utility>

#include "base/json.hpp"

namespace parley::engine {
namespace {

// The text is kept once, however often the function that compiles it is copied.
template <class Text, class Compile>
ConstraintSource source(std::string key, Text text, Compile compile) {
  auto kept = std::make_shared<const Text>(std::move(text));
  return {std::move(key), [kept = std::move(kept), compile] { return compile(*kept); }};
}

}  // namespace

// Kept as text: a tree of a large schema takes ten times as much while it waits.
ConstraintSource json_schema_source(const Json& schema, const JsonSchemaOptions& options) {
  std::string text = to_text(schema);
  const std::string key = "schema " + std::to_string(static_cast<int>(options.space)) + " " + text;
  return source(key, std::move(text), [options](const std::string& t) {
    // What was sent passed the limit; what wraps it (a call, a list of calls) adds some levels.
    return compile_json_schema(parse_json(t, "schema", kJsonDepth + 16), options);
  });
}

ConstraintSource json_object_source() {
  return {"object", [] { return compile_json_object(); }};
}

ConstraintSource regex_source(std::string pattern) {
  const std::string key = "regex " + pattern;
  return source(key, std::move(pattern), [](const std::string& p) { return compile_regex(p); });
}

ConstraintSource choice_source(std::vector<std::string> choices) {
  std::string key = "choice";
  for (const std::string& choice : choices)
    key += " " + std::to_string(choice.size()) + ":" + choice;
  return source(key, std::move(choices),
                [](const std::vector<std::string>& c) { return compile_choice(c); });
}

ConstraintSource gbnf_source(std::string text) {
  const std::string key = "gbnf " + text;
  return source(key, std::move(text), [](const std::string& t) { return compile_gbnf(t); });
}

}  // namespace parley::engine
