// What rendering a template gives.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace parley::text::jinja {

struct ByteRange {
  std::size_t begin, end;  // of the text; end is behind the last byte
};

struct Rendered {
  std::string text;
  std::vector<ByteRange> generated;  // the {% generation %} blocks, in order
  std::string authors;               // of each byte of the text: an Author
};

}  // namespace parley::text::jinja
