// Splits a template into text and tokens, with the white space control of chat templates: the first
// newline after a block or comment is dropped (trim_blocks), white space between the start of a
// line and a block or comment too (lstrip_blocks), and `-` and `+` change that.
#pragma once

#include <string_view>
#include <vector>

#include "prompt/jinja/arena.hpp"

namespace parley::text::jinja {

enum class TokenType {
  kText,
  kOutputBegin,  // {{
  kOutputEnd,
  kBlockBegin,  // {%
  kBlockEnd,
  kName,
  kString,  // text: decoded
  kInteger,
  kFloat,
  kOperator,
  kEnd,
};

struct Token {
  TokenType type;
  std::string_view text;
  int line;
};

// The last token is kEnd. Texts lie in `source` or in `arena`. `location.line` follows the position
// and names it in errors. Errors: kInvalidInput.
// REQUIRES: valid UTF-8 with newlines normalised (normalize_source()).
std::vector<Token> tokenize(std::string_view source, Arena& arena, Location& location);

// All line ends become \n; one at the very end is dropped.
std::string normalize_source(std::string_view source);

}  // namespace parley::text::jinja
