// Calls as Python: [f(a=1), g(b="x")], or lines of calls, which a marker may close.
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"
#include "prompt/python_calls.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxCall = std::size_t{1} << 20;

class PythonPayload : public ToolPayload {
 public:
  PythonPayload(ToolCallSink& sink, const PythonCalls& calls)
      : sink_(sink), calls_(calls), opened_(!calls.brackets) {}

  Status feed(char c) override {
    if (!opened_) {
      if (is_json_space(c)) return Status::kMore;
      opened_ = c == '[';
      return opened_ ? Status::kMore : Status::kFailed;
    }
    if (call_.empty()) return feed_between(c);
    return feed_call(c);
  }

  bool complete() const override {
    return !calls_.brackets && calls_.close.empty() && any_ && call_.empty() && !separator_;
  }

 private:
  // Between calls: white space, a separator, the end.
  Status feed_between(char c) {
    if (closing_.empty() && is_json_space(c)) {
      new_line_ |= !calls_.brackets && c == '\n';
      return Status::kMore;
    }
    if (calls_.brackets) {
      if (c == ']' && any_) return Status::kDone;
    } else if (any_ && closing_.size() < calls_.close.size() &&
               c == calls_.close[closing_.size()]) {
      closing_ += c;
      return closing_ == calls_.close ? Status::kDone : Status::kMore;
    }
    if (!closing_.empty()) return Status::kFailed;
    const bool parted = separator_ || new_line_;
    if (any_ && !parted && (c == ',' || c == ';')) {
      separator_ = true;
      return Status::kMore;
    }
    if (any_ && !parted) return Status::kFailed;
    const bool starts_name = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    if (!starts_name) return Status::kFailed;
    separator_ = false;
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
    return end_call() ? Status::kMore : Status::kFailed;
  }

  bool end_call() {
    auto call = parse_python_call(call_);
    if (!call) return false;
    // Llama calls its own tools as objects with one method.
    constexpr std::string_view kMethod = ".call";
    const bool known = calls_.tools != nullptr && find_tool(*calls_.tools, call->name) != nullptr;
    if (!known && call->name.ends_with(kMethod))
      call->name.resize(call->name.size() - kMethod.size());
    if (!may_call(calls_.tools, call->name)) return false;
    sink_.begin_call(call->name, {});
    sink_.add_arguments(call->arguments);
    call_.clear();
    any_ = true;
    new_line_ = false;
    return sink_.end_call();
  }

  ToolCallSink& sink_;
  const PythonCalls calls_;
  bool opened_;
  bool any_ = false, separator_ = false, new_line_ = false;
  std::string call_, closing_;
  int depth_ = 0;
  char quote_ = 0;
  bool escaped_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> python_payload(ToolCallSink& sink, const PythonCalls& calls) {
  return std::make_unique<PythonPayload>(sink, calls);
}

}  // namespace parley::text
