#include "prompt/families/arguments.hpp"

namespace parley::text {

std::string in_json(const JsonScanner& scanner, char c) {
  const bool raw = scanner.state() == JsonScanner::State::kString && c >= 0 && c < ' ';
  if (!raw) return {c};
  const std::string quoted = to_text(Json(std::string(1, c)));
  return quoted.substr(1, quoted.size() - 2);
}

ToolPayload::Status ArgumentsReader::feed(char c) {
  using Status = ToolPayload::Status;
  if (!any_) {
    if (is_json_space(c)) return Status::kMore;
    if (c != '{') return Status::kFailed;
    any_ = true;
  }
  const std::string json = in_json(scanner_, c);
  for (const char each : json) {
    if (!scanner_.feed(each)) return Status::kFailed;
  }
  sink_.add_arguments(json);
  if (scanner_.state() != JsonScanner::State::kDone) return Status::kMore;
  return sink_.end_call() ? Status::kDone : Status::kFailed;
}

}  // namespace parley::text
