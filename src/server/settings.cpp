#include "server/settings.hpp"

#include <regex>

namespace parley::server {
namespace {

constexpr std::size_t kMostNames = 100;

const Fields::Text host_name_rule = {.max_bytes = 253,
                                     .pattern = "[A-Za-z0-9._-]+",
                                     .expected =
                                         "a host name without scheme, port or path, such as "
                                         "chat.example.org"};
const Fields::Text origin_rule = {.max_bytes = 300,
                                  .pattern = "\\*|[A-Za-z][A-Za-z0-9+.-]*://[^/?#@\\s]+",
                                  .expected =
                                      "an origin without a path, such as https://app.example, "
                                      "or '*'"};

bool follows(const Fields::Text& rule, const std::regex& pattern, std::string_view text) {
  return text.size() <= rule.max_bytes && std::regex_match(text.begin(), text.end(), pattern);
}

}  // namespace

void describe(Fields& at, ServerSettings& s) {
  at.text("host", "address to listen on; 0.0.0.0 for every interface", {.max_bytes = 255},
          into(s.host));
  at.integer("port", "TCP port", 1, 65535, into(s.port));
  at.texts("allow_hosts", "names it answers to besides localhost, IP addresses and host",
           kMostNames, false, host_name_rule, into(s.allowed_hosts));
  at.texts("cors_origins", "web sites whose pages may use /v1 and /tokenize, or '*'", kMostNames,
           false, origin_rule, into(s.cors_origins));
}

bool is_host_name(std::string_view name) {
  static const std::regex pattern(host_name_rule.pattern);
  return follows(host_name_rule, pattern, name);
}

bool is_origin(std::string_view origin) {
  static const std::regex pattern(origin_rule.pattern);
  return follows(origin_rule, pattern, origin);
}

}  // namespace parley::server
