// The one place where a JSON value becomes an HTTP answer.
#pragma once

#include <string_view>

#include "base/json.hpp"
#include "server/http/http.hpp"

namespace parley::server {

// What an API says holds for the moment it is said, so nothing may keep it: `Cache-Control:
// no-store`. The type has no charset: JSON is UTF-8, and to_text() sees to it that `body` is.
Response json_response(int status, const Json& body,
                       std::string_view content_type = "application/json");

}  // namespace parley::server
