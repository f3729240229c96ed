// JSON with limits. nlohmann::json parses recursively without a depth limit, so outside input comes
// in through parse_json(), which checks depth and gives errors with a line number. JSON is built
// and read with nlohmann's API.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

// Compiled once, in json.cpp: nlohmann's templates are a third of what a file costs that uses them.
extern template class nlohmann::basic_json<>;
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace parley {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// Parses `text`. `where` names the source in errors ("config.json", "request body").
// Errors: kInvalidInput "WHERE:LINE: …" on bad syntax or more than `max_depth` nested arrays and
// objects.
Json parse_json(std::string_view text, std::string_view where, std::size_t max_depth = 64);
// The same, keeping the order of the members of objects.
OrderedJson parse_ordered_json(std::string_view text, std::string_view where,
                               std::size_t max_depth = 64);

// Reads and parses a file of at most `max_bytes`. Errors: kNotFound, kIo, kLimit, kInvalidInput.
Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes = 256u << 20);

// Compact text; invalid UTF-8 in strings is replaced by U+FFFD instead of throwing.
std::string to_text(const Json& value, int indent = -1);
std::string to_text(const OrderedJson& value, int indent = -1);

}  // namespace parley
