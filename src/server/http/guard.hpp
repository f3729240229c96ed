// Who may talk to the server from a browser. Without accounts, the browser's own rules are what
// keeps other web sites out: the name a page was loaded under (Host) and the site a request comes
// from (Origin, Sec-Fetch-Site). Which of them a request must satisfy is said by its surface.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/http.hpp"

namespace parley::server {

struct GuardOptions {
  std::string host;                        // what the server listens on
  std::vector<std::string> allowed_hosts;  // further names it answers to: "chat.example.org"
  // May use what is for programs from a browser: "https://app.example", or "*".
  std::vector<std::string> cors_origins;
};

class Guard {
 public:
  // Errors: kUsage when one of the names is no host name, or one of the origins no origin.
  explicit Guard(GuardOptions options);

  // The refusal of a request that another web site made a browser send:
  //  - a name that somebody else made resolve here is an attack (DNS rebinding). Answered are the
  //    names of this machine, the name it listens on, the allowed ones, and any IP address: an
  //    address cannot be made to mean another machine;
  //  - what is not for other sites must come from the server's own pages, or from an origin that
  //    was allowed where the surface lets it.
  std::optional<Response> refuse(const Request& request, Surface surface) const;

  // Answers a CORS preflight; nothing when the request is none or its origin is not allowed.
  // `methods`: what is possible at its path.
  std::optional<Response> preflight(const Request& request, Surface surface,
                                    const std::string& methods) const;
  // What a response to this request must carry for an allowed origin.
  Headers cors_headers(const Request& request, Surface surface) const;

 private:
  std::optional<Response> refuse_host(const Request& request, Surface surface) const;
  bool allows(std::string_view origin) const;
  GuardOptions options_;
};

// "127.0.0.1", "::1", "localhost" and what ends in ".localhost".
bool is_loopback_name(std::string_view name);
// "example.org.:8080" → "example.org"; "[::1]:8080" → "::1".
std::string host_name(std::string_view host_header);

}  // namespace parley::server
