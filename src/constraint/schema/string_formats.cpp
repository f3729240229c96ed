#include "constraint/schema/string_formats.hpp"

namespace parley::engine {
namespace {

using namespace std::string_literals;

// RFC 3339, with the days that each month has and 29 February in leap years only.
std::string date() {
  const std::string leap_year =
      R"((?:\d\d(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00))";
  return R"((?:\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|)"
         R"((?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))|)" +
         leap_year + "-02-29)";
}

std::string time() {
  return R"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))";
}

// ISO 8601 as RFC 3339, appendix A writes it.
std::string duration() {
  const std::string hours = R"(T(?:\d{1,9}H(?:\d{1,9}M(?:\d{1,9}S)?)?|\d{1,9}M(?:\d{1,9}S)?|)"
                            R"(\d{1,9}S))";
  const std::string days = R"((?:\d{1,9}Y(?:\d{1,9}M(?:\d{1,9}D)?)?|\d{1,9}M(?:\d{1,9}D)?|)"
                           R"(\d{1,9}D))";
  return R"(P(?:\d{1,9}W|)" + hours + "|" + days + "(?:" + hours + ")?)";
}

// Labels of RFC 1123; the limit of 253 characters in all is not kept.
std::string hostname() {
  const std::string label = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"s;
  return label + "(?:\\." + label + ")*";
}

std::string email() {
  const std::string atom = R"([A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)";
  return atom + "(?:\\." + atom + ")*@" + hostname();
}

std::string ipv4() {
  const std::string byte = R"((?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d))";
  return byte + "(?:\\." + byte + "){3}";
}

// RFC 3986, section 3.2.2: `before` groups, "::", and so many that fewer than eight are written.
std::string ipv6() {
  const std::string group = "[0-9A-Fa-f]{1,4}"s;
  const std::string last = "(?:" + group + ":" + group + "|" + ipv4() + ")";  // 32 bits
  std::string out = "(?:(?:" + group + ":){6}" + last;
  for (int before = 0; before <= 7; ++before) {
    std::string head;
    if (before > 0) {
      head = "(?:" + group + ":){0," + std::to_string(before - 1) + "}" + group;
      head = "(?:" + head + ")?";
    }
    if (before <= 5) {
      out += "|" + head + "::(?:" + group + ":){" + std::to_string(5 - before) + "}" + last;
    } else {
      out += "|" + head + "::" + (before == 6 ? group : "");
    }
  }
  return out + ")";
}

std::string uri() {
  const std::string plain = R"((?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2}))";
  const std::string authority = R"((?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2})*@)?(?:\[)" +
                                ipv6() +
                                R"(\]|(?:[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d*)?)";
  const std::string more = "(?:/" + plain + "*)*";
  return "[A-Za-z][A-Za-z0-9+.-]*:(?://" + authority + more + "|/(?:" + plain + "+" + more + ")?|" +
         plain + "+" + more + ")?(?:\\?(?:" + plain + "|[/?])*)?(?:#(?:" + plain + "|[/?])*)?";
}

}  // namespace

std::optional<std::string> format_regex(std::string_view format) {
  if (format == "date") return date();
  if (format == "time") return time();
  if (format == "date-time") return date() + "T" + time();
  if (format == "duration") return duration();
  if (format == "email") return email();
  if (format == "hostname") return hostname();
  if (format == "ipv4") return ipv4();
  if (format == "ipv6") return ipv6();
  if (format == "uri") return uri();
  if (format == "uuid") return "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
  return std::nullopt;
}

}  // namespace parley::engine
