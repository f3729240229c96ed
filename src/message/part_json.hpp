// Parts as JSON: {"type": KIND, FIELD: …}, the fields in the order of their description.
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"
#include "message/part.hpp"

namespace parley::message {

Json to_json(const Part& part);
Json to_json(const Parts& parts);

// `where` names the value in errors ("parts", "message msg_1: parts").
// Errors: kInvalidInput "WHERE[2].text: expected a text": a kind or a field that is not known, a
// field that is missing or of another type.
Parts parts_from_json(const Json& json, std::string_view where);

}  // namespace parley::message
