// JSON as template values.
#pragma once

#include <unordered_map>

#include "base/json.hpp"
#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

// Who wrote the texts in some parts of a JSON value, by the part's place in memory.
using Authors = std::unordered_map<const Json*, Author>;

// Texts are not copied: `json` must outlive the value. They are `author`'s, but for the parts that
// `authors` names; keys are always Author::kOther's. Bytes that are not UTF-8 become U+FFFD; a
// whole number beyond 64 bits becomes a float. Errors: kLimit where nested too deeply.
Value from_json(Runtime& runtime, const Json& json, Author author, const Authors& authors = {});

}  // namespace parley::text::jinja
