// What is done to the text of a message before it is used, and the title that is made of it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::chat {

inline constexpr std::size_t kMaxMessageBytes = 32 * 1024;

// Cleans one message that a person typed, as training text was cleaned (text/clean.hpp). Errors:
// kInvalidInput when nothing is left of it or it is not UTF-8, kLimit when it is longer than
// kMaxMessageBytes. `what` names it in the error ("text", "messages[2].content").
std::string clean_message(std::string_view text, std::string_view what);

// The first words of a question, for the list of threads: one line, at most 48 characters, cut at a
// word.
std::string make_title(std::string_view question);

}  // namespace parley::chat
