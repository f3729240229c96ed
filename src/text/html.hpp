// HTML to text. A tokenizer of its own instead of a tree builder: it runs in one pass, in time
// linear in the input and without recursion, so a hostile or broken page (a million unclosed tags)
// costs no more than its bytes. Pages that have a <main> or <article> yield only that; navigation,
// scripts, styles and the like are left out.
#pragma once

#include <string_view>

#include "text/plain_text.hpp"

namespace parley::text {

// Any bytes are accepted; ill-formed UTF-8 passes through unchanged.
PlainText html_to_text(std::string_view html);

}  // namespace parley::text
