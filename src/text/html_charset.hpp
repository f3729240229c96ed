// In which character set a page is written, and the page in UTF-8.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::text {

// What <meta charset>, <meta http-equiv="Content-Type"> or an XML declaration names in the first
// kilobyte, in lower case; "" if nothing does.
std::string declared_charset(std::string_view html);

// The page in UTF-8. A page that is UTF-8 with more than ASCII in it is what it is, whatever it
// says; any other is read as it declares, with windows-1252 for what calls itself Latin-1 or ASCII,
// as browsers do. What stands for no character becomes U+FFFD, which `replaced` counts. Errors:
// kInvalidInput (no such character set).
std::string decode_page(std::string_view bytes, std::size_t* replaced);

}  // namespace parley::text
