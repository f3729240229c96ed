#include "server/settings.hpp"

namespace parley::server {

void describe(Fields& at, ServerSettings& s) {
  at.text("host", "address to listen on; 0.0.0.0 for every interface", {.max_bytes = 255},
          into(s.host));
  at.integer("port", "TCP port", 1, 65535, into(s.port));
}

}  // namespace parley::server
