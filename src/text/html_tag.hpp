// Tags of HTML, read where they stand.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::text {

struct HtmlTag {
  std::string name;  // lower case, empty: not a tag
  bool closing = false;
  bool self_closing = false;
  std::string_view attributes;  // as they are written
  std::size_t end = 0;          // offset behind '>'
};

// Reads the tag at html[at] == '<'. Attribute values in quotes may hold '>'.
HtmlTag read_html_tag(std::string_view html, std::size_t at);

// The value of an attribute ("" also if it is not there); `name` in lower case. References in it
// stay.
std::string_view html_attribute(const HtmlTag& tag, std::string_view name);

bool is_html_space(char c);
char ascii_lower(char c);

}  // namespace parley::text
