// Where sentences end, while they are still being written.
#pragma once

#include <cstddef>
#include <string_view>

namespace parley::text {

// How many bytes of `text` are whole sentences, with the white space behind them: Unicode's UAX 29.
// The last sentence is whole once a line end or the next sentence follows; "e.g. " may go on.
// `text` may end amid a character.
std::size_t whole_sentences(std::string_view text);

}  // namespace parley::text
