// Calls of GLM 4.5 and its successors, behind <tool_call>: the name, then keys and values in tags.
#include "prompt/argument_types.hpp"
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxName = 256;
constexpr std::string_view kKey = "<arg_key>";
constexpr std::string_view kKeyEnd = "</arg_key>";
constexpr std::string_view kArgument = "<arg_value>";
constexpr std::string_view kArgumentEnd = "</arg_value>";
constexpr std::string_view kCallEnd = "</tool_call>";

class ArgKeyPayload : public ToolPayload {
 public:
  ArgKeyPayload(ToolCallSink& sink, const Json* types) : sink_(sink), types_(types) {}

  Status feed(char c) override {
    switch (part_) {
      case Part::kName:
        return feed_name(c);
      case Part::kBetween:
        return feed_between(c);
      case Part::kKey:
        return feed_until(c, kKeyEnd, Part::kBeforeValue, key_);
      case Part::kBeforeValue:
        return feed_tag(c, kArgument, Part::kValue);
      case Part::kValue: {
        std::string value;
        const Status status = feed_until(c, kArgumentEnd, Part::kBetween, value);
        if (part_ == Part::kBetween) add(value);
        return status;
      }
    }
    return Status::kFailed;
  }

 private:
  enum class Part { kName, kBetween, kKey, kBeforeValue, kValue };

  Status feed_name(char c) {
    if (c != '<' && c != '\n') text_ += c;
    const std::string name = text_.substr(0, text_.find_last_not_of(" \t\r") + 1);
    if (!is_tool_name(name)) return Status::kFailed;
    if (c != '<' && c != '\n') return text_.size() <= kMaxName ? Status::kMore : Status::kFailed;
    text_.clear();
    if (types_ != nullptr) tool_ = find_tool(*types_, name);
    sink_.begin_call(name, {});
    part_ = Part::kBetween;
    return feed_between(c);
  }

  // Between arguments: white space, then another one or the end of the call.
  Status feed_between(char c) {
    if (text_.empty() && is_json_space(c)) return Status::kMore;
    text_ += c;
    if (text_ == kCallEnd) {
      sink_.add_arguments(any_ ? "}" : "{}");
      return sink_.end_call() ? Status::kDone : Status::kFailed;
    }
    if (text_ == kKey) {
      text_.clear();
      part_ = Part::kKey;
      return Status::kMore;
    }
    return kCallEnd.starts_with(text_) || kKey.starts_with(text_) ? Status::kMore : Status::kFailed;
  }

  Status feed_tag(char c, std::string_view tag, Part next) {
    if (text_.empty() && is_json_space(c)) return Status::kMore;
    text_ += c;
    if (!tag.starts_with(text_)) return Status::kFailed;
    if (text_ == tag) {
      text_.clear();
      part_ = next;
    }
    return Status::kMore;
  }

  Status feed_until(char c, std::string_view end, Part next, std::string& out) {
    text_ += c;
    if (c != '>' || !text_.ends_with(end)) return Status::kMore;
    out = text_.substr(0, text_.size() - end.size());
    text_.clear();
    part_ = next;
    return Status::kMore;
  }

  void add(const std::string& value) {
    sink_.add_arguments((any_ ? ", " : "{") + to_text(Json(key_)) + ": " +
                        to_text(argument_of(tool_, key_, value)));
    any_ = true;
  }

  ToolCallSink& sink_;
  const Json* types_;
  const Json* tool_ = nullptr;
  Part part_ = Part::kName;
  std::string text_, key_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> arg_key_payload(ToolCallSink& sink, const Json* types) {
  return std::make_unique<ArgKeyPayload>(sink, types);
}

}  // namespace parley::text
