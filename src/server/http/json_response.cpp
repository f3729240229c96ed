#include "server/http/json_response.hpp"

namespace parley::server {

Response json_response(int status, const Json& body, std::string_view content_type) {
  return {status, std::string(content_type), {{"Cache-Control", "no-store"}}, to_text(body), {}};
}

}  // namespace parley::server
