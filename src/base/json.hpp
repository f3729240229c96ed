// JSON with limits. Members of objects stay in the order in which they were written or added, and
// values are equal (==) whatever that order is. nlohmann::json parses without a depth limit and
// lets names be given twice, so outside input comes in through parse_json() and try_parse_json(),
// which check and give errors with a line number. JSON is built and read with nlohmann's API.
#pragma once

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/json_object.hpp"

// Compiled once, in json.cpp: nlohmann's templates are a third of what a file costs that uses them.
extern template class nlohmann::basic_json<parley::JsonObject>;

namespace parley {

using Json = nlohmann::basic_json<JsonObject>;

constexpr std::size_t kJsonDepth = 64;  // nested arrays and objects

// What a name means that one object gives twice. Files that were written for other programs are
// read as those read them.
enum class RepeatedName { kRefused, kLastHolds };

// Parses `text`. `where` names the source in errors ("config.json", "request body").
// Errors: kInvalidInput "WHERE:LINE: …" on bad syntax, more than `max_depth` nested arrays and
// objects, a number that no double holds, or a repeated name.
Json parse_json(std::string_view text, std::string_view where, std::size_t max_depth = kJsonDepth,
                RepeatedName repeated = RepeatedName::kRefused);

// For text that may or may not be JSON, such as what a model wrote: nothing where parse_json would
// fail. Of a repeated name the last holds.
std::optional<Json> try_parse_json(std::string_view text, std::size_t max_depth = kJsonDepth);

// Reads and parses a file of at most `max_bytes`. Errors: kNotFound, kIo, kLimit, kInvalidInput.
Json read_json_file(const std::filesystem::path& path, std::size_t max_bytes = 256u << 20,
                    RepeatedName repeated = RepeatedName::kRefused);

// Compact text; invalid UTF-8 in strings is replaced by U+FFFD instead of throwing.
std::string to_text(const Json& value, int indent = -1);

// Compact text with the members of every object sorted by name: equal values have equal text. What
// is hashed is written so.
std::string canonical_text(const Json& value);

}  // namespace parley
