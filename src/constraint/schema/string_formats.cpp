#include "constraint/schema/string_formats.hpp"

#include <map>
#include <memory>
#include <mutex>

#include "constraint/regex.hpp"

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
  return R"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,9})?(?:[Zz]|[+-](?:[01]\d|2[0-3]):[0-5]\d))";
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

// What IRIs and international addresses have besides ASCII.
constexpr const char* kInternational =
    R"(\u00A0-\uD7FF\uF900-\uFDCF\uFDF0-\uFFEF\u{10000}-\u{1FFFD}\u{20000}-\u{EFFFD})";

std::string email(const std::string& more) {
  const std::string atom = R"([A-Za-z0-9!#$%&'*+/=?^_`{|}~)" + more + "-]+";
  const std::string letter = "[A-Za-z0-9" + more + "]", inner = "[A-Za-z0-9" + more + "-]";
  const std::string label = letter + "(?:" + inner + "{0,61}" + letter + ")?";
  return atom + "(?:\\." + atom + ")*@" + label + "(?:\\." + label + ")*";
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

// RFC 3986: the parts of a URI, with `more` characters for an IRI (RFC 3987).
struct Uri {
  explicit Uri(const std::string& more)
      : escaped("%[0-9A-Fa-f]{2}"),
        plain("(?:[A-Za-z0-9._~!$&'()*+,;=:@" + more + "-]|" + escaped + ")"),
        no_colon("(?:[A-Za-z0-9._~!$&'()*+,;=@" + more + "-]|" + escaped + ")"),
        segments("(?:/" + plain + "*)*"),
        rest("(?:\\?(?:" + plain + "|[/?])*)?(?:#(?:" + plain + "|[/?])*)?") {
    const std::string user = "(?:[A-Za-z0-9._~!$&'()*+,;=:" + more + "-]|" + escaped + ")*";
    const std::string host = "(?:[A-Za-z0-9._~!$&'()*+,;=" + more + "-]|" + escaped + ")*";
    authority = "//(?:" + user + "@)?(?:\\[" + ipv6() + "\\]|" + host + ")(?::\\d*)?" + segments;
    absolute = "/(?:" + plain + "+" + segments + ")?";
  }
  std::string with_scheme() const {
    return "[A-Za-z][A-Za-z0-9+.-]*:(?:" + authority + "|" + absolute + "|" + plain + "+" +
           segments + ")?" + rest;
  }
  std::string reference() const {
    return "(?:" + with_scheme() + "|(?:" + authority + "|" + absolute + "|" + no_colon + "+" +
           segments + ")?" + rest + ")";
  }
  std::string escaped, plain, no_colon, segments, rest, authority, absolute;
};

}  // namespace

std::optional<std::string> format_regex(std::string_view format) {
  if (format == "date") return date();
  if (format == "time") return time();
  if (format == "date-time") return date() + "[Tt]" + time();
  if (format == "duration") return duration();
  if (format == "email") return email("");
  if (format == "idn-email") return email(kInternational);
  if (format == "hostname") return hostname();
  if (format == "ipv4") return ipv4();
  if (format == "ipv6") return ipv6();
  if (format == "uri") return Uri("").with_scheme();
  if (format == "uri-reference") return Uri("").reference();
  if (format == "iri") return Uri(kInternational).with_scheme();
  if (format == "iri-reference") return Uri(kInternational).reference();
  if (format == "uuid") return "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}";
  if (format == "json-pointer") return "(?:/(?:[^/~]|~[01])*)*";
  if (format == "relative-json-pointer") return "(?:0|[1-9]\\d*)(?:#|(?:/(?:[^/~]|~[01])*)*)";
  return std::nullopt;
}

const Dfa* format_words(std::string_view format) {
  static std::mutex mutex;
  static auto& known = *new std::map<std::string, std::unique_ptr<const Dfa>, std::less<>>();
  const std::lock_guard lock(mutex);
  if (const auto at = known.find(format); at != known.end()) return at->second.get();
  const std::optional<std::string> regex = format_regex(format);
  if (!regex) return nullptr;
  constexpr std::size_t kMaxStates = 30'000;
  const SizeLimit limit{kMaxStates, "format " + std::string(format)};
  Dfa words = parse_regex(*regex, RegexMatch::kWhole, limit);
  return known.emplace(format, std::make_unique<const Dfa>(std::move(words))).first->second.get();
}

}  // namespace parley::engine
