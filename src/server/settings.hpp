// Of the `serving` section of parley.yaml: where the server listens.
#pragma once

#include <string>

#include "base/fields.hpp"

namespace parley::server {

struct ServerSettings {
  std::string host = "127.0.0.1";
  int port = 8080;
};

void describe(Fields& at, ServerSettings& settings);

}  // namespace parley::server
