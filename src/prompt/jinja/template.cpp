#include "prompt/jinja/template.hpp"

#include "base/error.hpp"
#include "prompt/jinja/functions.hpp"
#include "prompt/jinja/interpreter.hpp"
#include "prompt/jinja/parser.hpp"
#include "prompt/jinja/values/from_json.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {

struct Template::Parsed {
  Parsed(std::string_view text, std::string name, const Limits& given)
      : limits(given), location{std::move(name), 1}, arena(given.max_memory_bytes, location) {
    if (text.size() > limits.max_template_bytes) {
      location.refuse(ErrorKind::kLimit, "the template is longer than " +
                                             std::to_string(limits.max_template_bytes) + " bytes");
    }
    if (!is_valid_utf8(text)) {
      location.refuse(ErrorKind::kInvalidInput, "the template is not UTF-8");
    }
    source = normalize_source(text);
    parsed = parse_template(source, arena, location);
  }

  Limits limits;
  Location location;
  Arena arena;
  std::string source;
  ParsedTemplate parsed;
};

Template::Template(std::string_view source, std::string name, const Limits& limits)
    : parsed_(std::make_shared<const Parsed>(source, std::move(name), limits)) {}

Rendered Template::render(const Variables& variables, const Clock& clock,
                          const Authors& authors) const {
  Runtime runtime(parsed_->location.name, parsed_->limits, clock.now_ms());
  std::vector<DictEntry> entries;
  entries.reserve(variables.size());
  for (const auto& [name, value, author] : variables) {
    entries.push_back(
        {Value::string(name, Author::kTemplate), from_json(runtime, *value, author, authors)});
  }
  Interpreter interpreter(runtime, runtime.dict(entries));
  interpreter.run(parsed_->parsed.body);
  return interpreter.take_output();
}

Rendered Template::render(const Json& variables, const Clock& clock) const {
  if (!variables.is_object()) {
    fail(ErrorKind::kUsage, "the variables of a template are an object",
         "give names and their values");
  }
  Variables members;
  for (const auto& [name, value] : variables.items()) members.push_back({name, &value});
  return render(members, clock);
}

bool is_global(std::string_view name) {
  return find_global(name) != nullptr;
}

}  // namespace parley::text::jinja
