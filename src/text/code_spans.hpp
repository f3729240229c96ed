// Where code stands in a message: between ``` or ~~~ fences, and in spans between equal runs of
// backticks inside a paragraph.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace parley::text {

struct CodeSpan {
  std::size_t from, to;  // bytes, the marks included
};

// In order, not overlapping. Linear in the text.
std::vector<CodeSpan> find_code_spans(std::string_view text);

}  // namespace parley::text
