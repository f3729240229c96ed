// GPT-2's printable stand-ins for bytes, in which byte-level vocabularies are spelled: visible
// Latin-1 characters stand for themselves, the other bytes count up from U+0100.
#pragma once

#include <string>
#include <string_view>

namespace parley::text {

std::string bytes_to_stand_ins(std::string_view bytes);

// False when a character is none of the 256 stand-ins; `bytes` is overwritten.
bool stand_ins_to_bytes(std::string_view text, std::string& bytes);

// The byte that a token "<0x0A>" stands for, or -1.
int byte_of_token(std::string_view token);

}  // namespace parley::text
