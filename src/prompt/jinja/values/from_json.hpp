// JSON as template values.
#pragma once

#include "base/json.hpp"
#include "prompt/jinja/runtime.hpp"

namespace parley::text::jinja {

// Texts are not copied: `json` must outlive the value. Bytes that are not UTF-8 become U+FFFD; a
// whole number beyond 64 bits becomes a float. Errors: kLimit where nested too deeply.
Value from_json(Runtime& runtime, const Json& json);

}  // namespace parley::text::jinja
