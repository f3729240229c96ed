// Where in a template the parser or the interpreter is, for error messages.
#pragma once

#include <string>
#include <string_view>

#include "base/error.hpp"

namespace parley::text::jinja {

struct Location {
  std::string name;  // of the template
  int line = 1;

  // fail() with "NAME:LINE: " before the message.
  [[noreturn]] void refuse(ErrorKind kind, std::string_view message, std::string hint = {}) const {
    fail(kind, name + ":" + std::to_string(line) + ": " + std::string(message), std::move(hint));
  }
};

}  // namespace parley::text::jinja
