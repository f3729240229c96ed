// Of the `serving` section of parley.yaml: where the server listens, and whom it answers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/fields.hpp"

namespace parley::server {

struct ServerSettings {
  std::string host = "127.0.0.1";
  int port = 8080;
  std::vector<std::string> allowed_hosts;  // further names it answers to: "chat.example.org"
  std::vector<std::string> cors_origins;   // whose pages may use /v1: "https://app.example", or "*"
};

void describe(Fields& at, ServerSettings& settings);

// What may stand in those lists, wherever it was written.
// A name alone, as browsers write it: letters outside ASCII come as "xn--…".
bool is_host_name(std::string_view name);
// Scheme and name, without a path; or "*".
bool is_origin(std::string_view origin);

}  // namespace parley::server
