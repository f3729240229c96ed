// Superscripts and subscripts in plain text.
#pragma once

#include <string>
#include <string_view>

#include "text/plain_text.hpp"

namespace parley::text {

// How `text` is written raised or lowered behind `before`: in Unicode's own characters where it has
// all of them (10⁶, H₂O), as it is where it is the ending of a number or a mark (1st, Acme™), else
// behind ^ or _ (2^k, x_(a,b)), so that it never reads as part of what it stands behind.
std::string script_text(Script script, std::string_view text, std::string_view before);

}  // namespace parley::text
