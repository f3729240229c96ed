#include "text/html_tag.hpp"

#include <algorithm>

namespace parley::text {
namespace {

bool is_letter(char c) {
  return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z';
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return ascii_lower(x) == y; });
}

}  // namespace

char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool is_html_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

HtmlTag read_html_tag(std::string_view html, std::size_t at) {
  HtmlTag tag;
  std::size_t i = at + 1;
  if (i < html.size() && html[i] == '/') {
    tag.closing = true;
    ++i;
  }
  if (i >= html.size() || !is_letter(html[i])) return tag;
  while (i < html.size() && !is_html_space(html[i]) && html[i] != '>' && html[i] != '/') {
    if (tag.name.size() < 32) tag.name.push_back(ascii_lower(html[i]));
    ++i;
  }
  const std::size_t behind_name = i;
  char last = 0;
  bool value = false;  // behind '=': a quote opens a quoted value
  while (i < html.size() && html[i] != '>') {
    const char c = html[i];
    if (value && (c == '"' || c == '\'')) {
      const std::size_t close = html.find(c, i + 1);
      if (close == std::string_view::npos) break;  // unclosed: the tag ends at the next '>'
      i = close;
      value = false;
    } else if (c == '=') {
      value = true;
    } else if (!is_html_space(c)) {
      value = false;
    }
    last = html[i];
    ++i;
  }
  i = std::min(html.find('>', i), html.size());
  tag.attributes = html.substr(behind_name, i - behind_name);
  tag.self_closing = last == '/';
  tag.end = std::min(i + 1, html.size());
  return tag;
}

std::string_view html_attribute(const HtmlTag& tag, std::string_view name) {
  const std::string_view all = tag.attributes;
  const auto skip_space = [&](std::size_t at) {
    while (at < all.size() && is_html_space(all[at])) ++at;
    return at;
  };
  for (std::size_t at = 0; at < all.size();) {
    while (at < all.size() && (is_html_space(all[at]) || all[at] == '/')) ++at;
    const std::size_t from = at;
    while (at < all.size() && !is_html_space(all[at]) && all[at] != '=' && all[at] != '/') ++at;
    const std::string_view found = all.substr(from, at - from);
    std::string_view value;
    const std::size_t sign = skip_space(at);
    if (sign < all.size() && all[sign] == '=') {
      at = skip_space(sign + 1);
      if (at < all.size() && (all[at] == '"' || all[at] == '\'')) {
        const std::size_t close = std::min(all.find(all[at], at + 1), all.size());
        value = all.substr(at + 1, close - at - 1);
        at = std::min(close + 1, all.size());
      } else {
        const std::size_t start = at;
        while (at < all.size() && !is_html_space(all[at])) ++at;
        value = all.substr(start, at - start);
      }
    }
    if (equals_ignoring_case(found, name)) return value;
    if (at == from) ++at;  // a stray '='
  }
  return {};
}

}  // namespace parley::text
