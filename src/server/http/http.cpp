#include "server/http/http.hpp"

namespace parley::server {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Calls `visit(name, value)` for every name=value of `text` until it returns true.
template <typename Visit>
void each_pair(std::string_view text, char separator, Visit visit) {
  while (!text.empty()) {
    const auto end = text.find(separator);
    const std::string_view item = trim(text.substr(0, end));
    const auto equals = item.find('=');
    const std::string_view value = equals == std::string_view::npos ? "" : item.substr(equals + 1);
    if (visit(item.substr(0, equals), value) || end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

std::string Request::query_value(std::string_view name) const {
  std::string found;
  each_pair(query, '&', [&](std::string_view key, std::string_view value) {
    if (percent_decode(key, true) != name) return false;
    found = percent_decode(value, true);
    return true;
  });
  return found;
}

std::string Request::client() const {
  return peer + "\n" + std::string(header("authorization"));
}

std::string_view Request::cookie(std::string_view name) const {
  std::string_view found;
  for (const auto& [header_name, line] : headers) {
    if (header_name != "cookie") continue;
    each_pair(line, ';', [&](std::string_view key, std::string_view value) {
      if (key != name) return false;
      found = value;
      return true;
    });
  }
  return found;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 &&
               hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace parley::server
