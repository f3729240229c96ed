#include "base/error.hpp"

#include <cstdio>
#include <cstring>
#include <utility>

namespace parley {

Error::Error(ErrorKind kind, std::string message, std::string hint)
    : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

#if defined(__wasm__)
// Who embeds the module shows the two lines and gives the instance up.
void fail(ErrorKind, std::string message, std::string hint) {
  std::fprintf(stderr, "%s\n%s\n", message.c_str(), hint.c_str());
  __builtin_trap();
}
#else
void fail(ErrorKind kind, std::string message, std::string hint) {
  throw Error(kind, std::move(message), std::move(hint));
}
#endif

void fail_errno(std::string message, int errno_value, std::string hint) {
  message += ": ";
  message += std::strerror(errno_value);
  fail(ErrorKind::kIo, std::move(message), std::move(hint));
}

int exit_code(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return 2;
    case ErrorKind::kInvalidInput:
      return 3;
    case ErrorKind::kNotFound:
      return 4;
    case ErrorKind::kConflict:
      return 5;
    case ErrorKind::kIo:
      return 6;
    case ErrorKind::kLimit:
    case ErrorKind::kContextLength:
      return 7;
    case ErrorKind::kUnavailable:
      return 8;
    case ErrorKind::kInternal:
      return 70;
  }
  return 70;
}

std::string_view kind_name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kUsage:
      return "usage";
    case ErrorKind::kInvalidInput:
      return "invalid-input";
    case ErrorKind::kNotFound:
      return "not-found";
    case ErrorKind::kConflict:
      return "conflict";
    case ErrorKind::kIo:
      return "io";
    case ErrorKind::kLimit:
      return "limit";
    case ErrorKind::kContextLength:
      return "context-length-exceeded";
    case ErrorKind::kUnavailable:
      return "unavailable";
    case ErrorKind::kInternal:
      return "internal";
  }
  return "internal";
}

}  // namespace parley
