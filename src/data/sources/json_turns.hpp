// A JSON record that is a list of turns.
#pragma once

#include <simdjson.h>

#include <string_view>

#include "data/sources/raw_record.hpp"
#include "data/sources/read_options.hpp"

namespace parley::data {

// Reads `object[list]`, turns of {"role", "content"} or {"from", "value"}, and a "system" beside
// it. The views live as long as the object. Errors: kInvalidInput "FILE:LINE: FIELD …".
void read_turns(const simdjson::dom::object& object, std::string_view list,
                const ReadOptions& options, RawRecord& record, const Place& place);

}  // namespace parley::data
