// The formats of JSON Schema strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "constraint/automaton.hpp"

namespace parley::engine {

// date, time, date-time, duration, email, idn-email, hostname, ipv4, ipv6, uri, uri-reference, iri,
// iri-reference, uuid, json-pointer, relative-json-pointer, as regular expressions. Nothing for
// formats that are not known: as JSON Schema has it, they constrain nothing.
std::optional<std::string> format_regex(std::string_view format);

// The automaton over code points of a format, or null. Made once for the whole process, and never
// taken down. Thread-safe.
const Dfa* format_words(std::string_view format);

}  // namespace parley::engine
