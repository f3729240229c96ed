// Calls as Python: [f(a=1), g(b="x")], or lines of calls up to a closing marker.
#include "prompt/python_calls.hpp"
#include "prompt/tool_payload.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxCall = std::size_t{1} << 20;

class PythonPayload : public ToolPayload {
 public:
  PythonPayload(ToolCallSink& sink, std::string_view close, const Json* tools)
      : sink_(sink), close_(close), tools_(tools), opened_(!close.empty()) {}

  Status feed(char c) override {
    if (!opened_) {
      opened_ = c == '[';
      return opened_ ? Status::kMore : Status::kFailed;
    }
    if (call_.empty()) return feed_between(c);
    return feed_call(c);
  }

 private:
  // Between calls: white space, a separator, the end.
  Status feed_between(char c) {
    if (closing_.empty() && is_json_space(c)) {
      separated_ |= !close_.empty() && c == '\n';
      return Status::kMore;
    }
    if (close_.empty()) {
      if (c == ']' && any_) return Status::kDone;
    } else if (any_ && c == close_[closing_.size()]) {
      closing_ += c;
      return closing_ == close_ ? Status::kDone : Status::kMore;
    }
    if (!closing_.empty()) return Status::kFailed;
    if (any_ && !separated_ && (c == ',' || c == ';')) {
      separated_ = true;
      return Status::kMore;
    }
    if (any_ && !separated_) return Status::kFailed;
    const bool starts_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!starts_name) return Status::kFailed;
    call_ = c;
    return Status::kMore;
  }

  // Up to the bracket that closes the call's arguments, quotes respected.
  Status feed_call(char c) {
    call_ += c;
    if (call_.size() > kMaxCall) return Status::kFailed;
    if (quote_ != 0) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == quote_) {
        quote_ = 0;
      }
      return Status::kMore;
    }
    if (depth_ == 0 && c != '(') {
      const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                        (c >= '0' && c <= '9') || c == '_' || c == '.';
      return part ? Status::kMore : Status::kFailed;
    }
    if (c == '"' || c == '\'') quote_ = c;
    if (c == '(' || c == '[' || c == '{') ++depth_;
    if (c == ')' || c == ']' || c == '}') --depth_;
    if (depth_ > 0) return Status::kMore;
    const auto call = parse_python_call(call_);
    if (!call) return Status::kFailed;
    if (tools_ != nullptr && find_tool(*tools_, call->name) == nullptr) return Status::kFailed;
    sink_.begin_call(call->name, {});
    sink_.add_arguments(call->arguments);
    call_.clear();
    any_ = true;
    separated_ = false;
    return sink_.end_call() ? Status::kMore : Status::kFailed;
  }

  ToolCallSink& sink_;
  std::string close_;
  const Json* tools_;
  bool opened_;
  bool any_ = false, separated_ = false;
  std::string call_, closing_;
  int depth_ = 0;
  char quote_ = 0;
  bool escaped_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> python_payload(ToolCallSink& sink, std::string_view close,
                                            const Json* tools) {
  return std::make_unique<PythonPayload>(sink, close, tools);
}

}  // namespace parley::text
