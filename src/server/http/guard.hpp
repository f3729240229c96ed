// Who may talk to the server from a browser. Without accounts, the browser's own rules are what
// keeps other web sites out: the name a page was loaded under (Host) and the site a request comes
// from (Origin, Sec-Fetch-Site).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/http/http.hpp"

namespace parley::server {

struct GuardOptions {
  std::string host;  // what the server listens on
  std::vector<std::string>
      cors_origins;  // may use /v1 from a browser: "https://app.example", or "*"
};

class Guard {
 public:
  explicit Guard(GuardOptions options);

  // The refusal of a request that another web site made a browser send:
  //  - a server that listens on loopback answers only to loopback names: a foreign name that
  //  resolves here is an
  //    attack (DNS rebinding);
  //  - what changes state on /api, and any browser's request on /v1, must come from the server's
  //  own pages or, on /v1,
  //    from an origin that was allowed.
  std::optional<Response> refuse(const Request& request) const;

  // Answers a CORS preflight for /v1; nothing when the request is none or its origin is not
  // allowed.
  std::optional<Response> preflight(const Request& request) const;
  // What a response to this request must carry for an allowed origin.
  Headers cors_headers(const Request& request) const;

 private:
  bool allows(std::string_view origin) const;
  GuardOptions options_;
  bool loopback_;
};

// "127.0.0.1", "::1", "localhost" and what ends in ".localhost".
bool is_loopback_name(std::string_view name);
// "example.org:8080" → "example.org"; "[::1]:8080" → "::1".
std::string host_name(std::string_view host_header);

}  // namespace parley::server
