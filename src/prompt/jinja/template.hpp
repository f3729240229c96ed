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
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "prompt/jinja/limits.hpp"
#include "prompt/jinja/rendered.hpp"

namespace parley::text::jinja {

// Names and their values, which must outlive the rendering.
using Variables = std::vector<std::pair<std::string_view, const Json*>>;

// Thread-safe: any number of threads may render one template at once. Copies share what was parsed.
class Template {
 public:
  // `name` stands in errors ("chat_template.jinja").
  // Errors: kInvalidInput "NAME:LINE: …" on bad syntax or bad UTF-8; kLimit.
  Template(std::string_view source, std::string name, const Limits& limits = {});

  // Of a name given twice the last counts. strftime_now() tells the time of `clock`, in UTC.
  // Errors: kInvalidInput "NAME:LINE: …" where the template fails or calls raise_exception();
  // kLimit.
  Rendered render(const Variables& variables, const Clock& clock = Clock::system()) const;
  // The members of an object. Errors: also kUsage where it is none.
  Rendered render(const Json& variables, const Clock& clock = Clock::system()) const;

 private:
  struct Parsed;
  std::shared_ptr<const Parsed> parsed_;
};

}  // namespace parley::text::jinja
