// The one error type of Parley. Code that meets bad input or a failed system call calls fail(); the
// CLI turns the exception into an exit code and a two-line message (cli/run_program.cpp), the
// server into an RFC 9457 problem (server/http/problem.cpp). Nothing else catches and re-words
// errors.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace parley {

enum class ErrorKind {
  kUsage,          // the command line or request is malformed; nothing was tried
  kInvalidInput,   // a file, record or field does not have the expected form
  kNotFound,       // a named thing does not exist
  kConflict,       // the thing exists already, or is in use by another process
  kIo,             // the operating system refused: disk full, permission, broken pipe
  kLimit,          // a documented limit was passed (size, depth, queue length)
  kContextLength,  // a prompt is longer than what the model can read at once
  kUnavailable,    // try again later: still loading, shutting down
  kInternal,       // a bug in Parley
};

class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string hint);
  const char* what() const noexcept override { return message_.c_str(); }
  ErrorKind kind() const { return kind_; }
  const std::string& message() const { return message_; }  // what went wrong and where
  const std::string& hint() const { return hint_; }        // what to do next; may be empty

 private:
  ErrorKind kind_;
  std::string message_;
  std::string hint_;
};

// The only function that throws. `message` says what and where (file:line, field), `hint` what to
// do next. WebAssembly modules are built without exceptions: there it prints both and traps.
[[noreturn]] void fail(ErrorKind kind, std::string message, std::string hint = {});

// fail(kIo, …) with the text of `errno_value` appended.
[[noreturn]] void fail_errno(std::string message, int errno_value, std::string hint = {});

// Process exit code: usage 2, invalid input 3, not found 4, conflict 5, io 6, limit and context
// length 7, unavailable 8, internal 70.
int exit_code(ErrorKind kind);
// Stable machine name: "usage", "invalid-input", …
std::string_view kind_name(ErrorKind kind);

}  // namespace parley
