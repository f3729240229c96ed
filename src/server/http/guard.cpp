#include "server/http/guard.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

#include "server/http/problem.hpp"

namespace parley::server {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return out;
}

// "https://example.org:443" → "example.org": ports that a scheme implies are left out, as browsers
// do in Host.
std::string authority_of(std::string_view origin) {
  const auto scheme = origin.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string rest = lower(origin.substr(scheme + 3));
  const std::string_view implied = origin.substr(0, scheme) == "https" ? ":443" : ":80";
  if (rest.ends_with(implied)) rest.resize(rest.size() - implied.size());
  return rest;
}

bool changes_state(const std::string& method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

// A browser names the site a request comes from; other programs do not.
bool from_own_pages(const Request& request) {
  if (const auto site = request.header("sec-fetch-site"); !site.empty()) {
    return site == "same-origin" || site == "none";
  }
  const auto origin = request.header("origin");
  if (origin.empty()) return true;
  std::string host = lower(request.header("host"));
  for (const std::string_view implied : {":80", ":443"}) {
    if (host.ends_with(implied)) host.resize(host.size() - implied.size());
  }
  return !host.empty() && authority_of(origin) == host;
}

}  // namespace

bool is_loopback_name(std::string_view name) {
  return name == "localhost" || name == "::1" || name.ends_with(".localhost") ||
         (name.starts_with("127.") &&
          name.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string host_name(std::string_view host_header) {
  if (host_header.starts_with('[')) return lower(host_header.substr(1, host_header.find(']') - 1));
  return lower(host_header.substr(0, host_header.find(':')));
}

Guard::Guard(GuardOptions options)
    : options_(std::move(options)), loopback_(is_loopback_name(options_.host)) {}

bool Guard::allows(std::string_view origin) const {
  return !origin.empty() &&
         std::any_of(options_.cors_origins.begin(), options_.cors_origins.end(),
                     [&](const std::string& each) { return each == "*" || each == origin; });
}

std::optional<Response> Guard::refuse(const Request& request) const {
  if (loopback_ && !is_loopback_name(host_name(request.header("host")))) {
    return error_response_for(
        request, 421, "this server answers only to names of this machine, such as localhost",
        "start it with --host 0.0.0.0 to serve other names");
  }
  const bool page_api = request.path.starts_with("/api/");
  const bool openai_api = request.path.starts_with("/v1/");
  if (!(page_api && changes_state(request.method)) && !openai_api) return std::nullopt;
  if (from_own_pages(request)) return std::nullopt;
  if (openai_api && allows(request.header("origin"))) return std::nullopt;
  return error_response_for(request, 403, "requests from other web sites are not allowed",
                            openai_api ? "allow the site: parley serve --cors-origin " +
                                             std::string(request.header("origin"))
                                       : "");
}

std::optional<Response> Guard::preflight(const Request& request) const {
  if (request.method != "OPTIONS" || !request.path.starts_with("/v1/")) return std::nullopt;
  if (!allows(request.header("origin")) ||
      request.header("access-control-request-method").empty()) {
    return std::nullopt;
  }
  return Response{204,
                  {},
                  {{"Access-Control-Allow-Methods", "GET, POST"},
                   {"Access-Control-Allow-Headers",
                    std::string(request.header("access-control-request-headers"))},
                   {"Access-Control-Max-Age", "600"}},
                  {},
                  {}};
}

Headers Guard::cors_headers(const Request& request) const {
  if (options_.cors_origins.empty() || !request.path.starts_with("/v1/")) return {};
  Headers headers = {{"Vary", "Origin"}};
  if (allows(request.header("origin"))) {
    headers.emplace_back("Access-Control-Allow-Origin", std::string(request.header("origin")));
  }
  return headers;
}

}  // namespace parley::server
