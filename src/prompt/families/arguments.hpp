// The arguments of a call whose name is known: one JSON object, passed on as it comes.
#pragma once

#include <string>

#include "prompt/families/payload.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {

// A byte as JSON has it behind what `scanner` has read: models break the lines of a string where
// JSON wants \n.
std::string in_json(const JsonScanner& scanner, char c);

class ArgumentsReader {
 public:
  explicit ArgumentsReader(ToolCallSink& sink) : sink_(sink) {}

  // kDone: this byte ended the object, and the call with it. White space before it is passed over.
  ToolPayload::Status feed(char c);

 private:
  ToolCallSink& sink_;
  JsonScanner scanner_;
  bool any_ = false;
};

}  // namespace parley::text
