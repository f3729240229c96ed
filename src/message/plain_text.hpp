// What a message says in plain words: what the model reads of it later, what a search looks
// through, what a screen reader speaks, what a channel without rich messages shows.
#pragma once

#include <string>
#include <string_view>

#include "message/part.hpp"

namespace parley::message {

// Between two parts that speak. Whoever passes a message on piece by piece writes it there too.
inline constexpr std::string_view kPartGap = "\n\n";

// What the parts that speak say, joined by kPartGap; those that say nothing are passed over.
std::string plain_text(const Parts& parts);

// A message of text alone.
Parts text_parts(std::string_view text);

}  // namespace parley::message
