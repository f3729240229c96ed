// Identifiers that sort by time: PREFIX_ followed by 26 Crockford base-32 digits (48 bits of
// milliseconds, 80 random bits from the operating system), e.g. "thr_01JD7Z…". Unguessable enough
// to serve as a link, not as a secret.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace parley {

std::string new_id(std::string_view prefix, const Clock& clock = Clock::system());

// `bytes` random bytes from the operating system as lower-case hex: cookies, tokens, seeds.
std::string random_hex(std::size_t bytes);
// So many of 0-9 A-Z a-z, each as likely as the others.
std::string random_alphanumeric(std::size_t count);

}  // namespace parley
