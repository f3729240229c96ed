// Jinja templates as the chat templates of Hugging Face checkpoints use them: the language of
// Jinja2 3.1 with Python's values, in transformers' setting (trim_blocks, lstrip_blocks, break and
// continue,
// {% generation %}, tojson as json.dumps, raise_exception, strftime_now, nothing that changes
// values or joins templates). docs/chat-templates.md lists what there is and what differs.
//
// A template is foreign code: it has no access to anything but its variables, and Limits ends it
// when it takes too much.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "prompt/jinja/limits.hpp"
#include "prompt/jinja/rendered.hpp"
#include "prompt/jinja/values/from_json.hpp"

namespace parley::text::jinja {

// A name and its value, which must outlive the rendering; the texts in it are `author`'s.
struct Variable {
  std::string_view name;
  const Json* value = nullptr;
  Author author = Author::kOther;
};
using Variables = std::vector<Variable>;

// Thread-safe: any number of threads may render one template at once. Copies share what was parsed.
class Template {
 public:
  // `name` stands in errors ("chat_template.jinja").
  // Errors: kInvalidInput "NAME:LINE: …" on bad syntax or bad UTF-8; kLimit.
  Template(std::string_view source, std::string name, const Limits& limits = {});

  // Of a name given twice the last counts. `authors` names parts of the values that are not their
  // variable's author's. strftime_now() tells the time of `clock`, in UTC.
  // Errors: kInvalidInput "NAME:LINE: …" where the template fails or calls raise_exception();
  // kLimit.
  Rendered render(const Variables& variables, const Clock& clock = Clock::system(),
                  const Authors& authors = {}) const;
  // The members of an object. Errors: also kUsage where it is none.
  Rendered render(const Json& variables, const Clock& clock = Clock::system()) const;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;
};

// Whether every template has a function of that name, such as range().
bool is_global(std::string_view name);

}  // namespace parley::text::jinja
