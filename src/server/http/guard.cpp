#include "server/http/guard.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/error.hpp"
#include "server/http/problem.hpp"
#include "server/settings.hpp"

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

bool is_ip_address(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 ||
         ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

void check_origin(std::string& origin) {
  if (!is_origin(origin)) {
    fail(ErrorKind::kUsage, "'" + origin + "' is no origin",
         "give scheme and name, without a path: https://app.example");
  }
  origin = lower(origin);
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
         (name.starts_with("127.") && is_ip_address(std::string(name)));
}

std::string host_name(std::string_view host_header) {
  if (host_header.starts_with('[')) return lower(host_header.substr(1, host_header.find(']') - 1));
  std::string_view name = host_header.substr(0, host_header.find(':'));
  if (name.ends_with('.')) name.remove_suffix(1);
  return lower(name);
}

Guard::Guard(GuardOptions options) : options_(std::move(options)) {
  for (std::string& name : options_.allowed_hosts) {
    if (!is_host_name(name)) {
      fail(ErrorKind::kUsage, "'" + name + "' is no host name",
           "give the name alone, without scheme, port or path: chat.example.org");
    }
    name = host_name(name);
  }
  options_.host = host_name(
      options_.host.find(':') == std::string::npos ? options_.host : "[" + options_.host + "]");
  for (std::string& origin : options_.cors_origins) check_origin(origin);
}

bool Guard::allows(std::string_view origin) const {
  return !origin.empty() &&
         std::any_of(options_.cors_origins.begin(), options_.cors_origins.end(),
                     [&](const std::string& each) { return each == "*" || each == origin; });
}

std::optional<Response> Guard::refuse_host(const Request& request, Surface surface) const {
  const auto hosts = std::ranges::count(request.headers, "host", &Headers::value_type::first);
  if (hosts > 1) return error_response(surface, 400, "the request names more than one host");
  const std::string name = host_name(request.header("host"));
  if (is_loopback_name(name) || is_ip_address(name)) return std::nullopt;
  if (!name.empty() && name == options_.host) return std::nullopt;
  if (std::ranges::find(options_.allowed_hosts, name) != options_.allowed_hosts.end())
    return std::nullopt;
  if (!is_host_name(name)) {
    return error_response(surface, 421, "the request does not say which host it is for",
                          "ask by the server's address or name");
  }
  return error_response(surface, 421, "this server does not answer to the name '" + name + "'",
                        "if it shall, start it with --allow-host " + name);
}

std::optional<Response> Guard::refuse(const Request& request, Surface surface) const {
  const SurfaceRules& rules = rules_of(surface);
  if (!rules.any_host) {
    if (auto refusal = refuse_host(request, surface)) return refusal;
  }
  if (rules.other_sites == OtherSites::kAnswered || from_own_pages(request)) return std::nullopt;
  const bool may_be_allowed = rules.other_sites == OtherSites::kAllowedOrigins;
  if (may_be_allowed && allows(request.header("origin"))) return std::nullopt;
  return error_response(surface, 403, "requests from other web sites are not allowed",
                        may_be_allowed ? "allow the site: parley serve --cors-origin " +
                                             std::string(request.header("origin"))
                                       : "");
}

std::optional<Response> Guard::preflight(const Request& request, Surface surface,
                                         const std::string& methods) const {
  const bool possible = rules_of(surface).other_sites == OtherSites::kAllowedOrigins;
  if (request.method != "OPTIONS" || !possible || !allows(request.header("origin")) ||
      request.header("access-control-request-method").empty()) {
    return std::nullopt;
  }
  return Response{204,
                  {},
                  {{"Access-Control-Allow-Methods", methods},
                   {"Access-Control-Allow-Headers",
                    std::string(request.header("access-control-request-headers"))},
                   {"Access-Control-Max-Age", "600"}},
                  {},
                  {}};
}

Headers Guard::cors_headers(const Request& request, Surface surface) const {
  const bool possible = rules_of(surface).other_sites == OtherSites::kAllowedOrigins;
  if (options_.cors_origins.empty() || !possible) return {};
  Headers headers = {{"Vary", "Origin"}};
  if (allows(request.header("origin"))) {
    headers.emplace_back("Access-Control-Allow-Origin", std::string(request.header("origin")));
  }
  return headers;
}

}  // namespace parley::server
