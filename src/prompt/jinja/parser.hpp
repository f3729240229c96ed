// Reads a template into the tree of ast.hpp.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "prompt/jinja/ast.hpp"
#include "prompt/jinja/lexer.hpp"

namespace parley::text::jinja {

constexpr int kMaxSyntaxDepth = 200;  // nested blocks and expressions of a template

struct ParsedTemplate {
  Body body;
  std::uint32_t names = kFirstFreeName;  // ids in use
};

// Errors: kInvalidInput "NAME:LINE: …" with what was expected; kLimit past kMaxSyntaxDepth.
ParsedTemplate parse_template(std::string_view source, Arena& arena, Location& location);

}  // namespace parley::text::jinja
