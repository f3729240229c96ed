// Markdown (CommonMark with tables, strike-through and autolinks, parsed by md4c) to text. Front
// matter between --- or
// +++ lines is taken off; its `title` becomes the title, else the first heading of level one does.
#pragma once

#include <string_view>

#include "text/plain_text.hpp"

namespace parley::text {

// Errors: kInvalidInput when the parser gives up (out of memory).
PlainText markdown_to_text(std::string_view markdown);

// Splits off front matter: returns its lines (empty if there is none) and moves `document` behind
// it.
std::string_view take_front_matter(std::string_view& document);
// The value of `title:` (YAML) or `title =` (TOML) in front matter, without quotes; empty if
// absent.
std::string front_matter_title(std::string_view front_matter);

}  // namespace parley::text
