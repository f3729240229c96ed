// Calls as tags: <function=NAME><parameter=KEY>VALUE</parameter></function> of Qwen3 Coder, and
// <function=NAME>{…}</function> of Llama's own functions and of Functionary.
#include <optional>

#include "prompt/argument_types.hpp"
#include "prompt/families/arguments.hpp"
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxTag = 512;
constexpr std::string_view kFunction = "<function=";
constexpr std::string_view kParameter = "<parameter=";
constexpr std::string_view kParameterEnd = "</parameter>";
constexpr std::string_view kFunctionEnd = "</function>";

class XmlPayload : public ToolPayload {
 public:
  XmlPayload(ToolCallSink& sink, const Json* types) : sink_(sink), types_(types) {}

  Status feed(char c) override {
    switch (part_) {
      case Part::kFunction:
        return feed_opening(c, kFunction);
      case Part::kBetween:
        return feed_between(c);
      case Part::kParameter:
        return feed_opening(c, kParameter);
      case Part::kValue:
        return feed_value(c);
      case Part::kJson:
        return feed_json(c);
      case Part::kEnd:
        return feed_end(c);
    }
    return Status::kFailed;
  }

  bool complete() const override { return part_ == Part::kEnd; }

 private:
  enum class Part { kFunction, kBetween, kParameter, kValue, kJson, kEnd };

  // <function=NAME> or <parameter=KEY>, byte by byte.
  Status feed_opening(char c, std::string_view opening) {
    if (text_.size() < opening.size()) {
      if (c != opening[text_.size()]) return Status::kFailed;
    } else if (c == '>') {
      std::string name = text_.substr(opening.size());
      text_.clear();
      return part_ == Part::kFunction ? begin(std::move(name)) : begin_parameter(std::move(name));
    } else if (c == '<' || c == '\n' || text_.size() > kMaxTag) {
      return Status::kFailed;
    }
    text_ += c;
    return Status::kMore;
  }

  Status begin(std::string name) {
    if (!is_tool_name(name)) return Status::kFailed;
    if (types_ != nullptr) tool_ = find_tool(*types_, name);
    sink_.begin_call(std::move(name), {});
    part_ = Part::kBetween;
    return Status::kMore;
  }

  Status begin_parameter(std::string key) {
    if (key.empty()) return Status::kFailed;
    key_ = std::move(key);
    part_ = Part::kValue;
    return Status::kMore;
  }

  // Between parameters: white space, then another one or the end.
  Status feed_between(char c) {
    if (text_.empty() && is_json_space(c)) return Status::kMore;
    if (c == '{' && text_.empty() && !any_) {
      part_ = Part::kJson;
      json_.emplace(sink_);
      return feed_json(c);
    }
    text_ += c;
    if (text_ == kFunctionEnd) {
      sink_.add_arguments(any_ ? "}" : "{}");
      return sink_.end_call() ? Status::kDone : Status::kFailed;
    }
    if (kFunctionEnd.starts_with(text_)) return Status::kMore;
    if (!kParameter.starts_with(text_)) return Status::kFailed;
    if (text_ == kParameter) part_ = Part::kParameter;
    return Status::kMore;
  }

  Status feed_value(char c) {
    text_ += c;
    if (c != '>' || !std::string_view(text_).ends_with(kParameterEnd)) return Status::kMore;
    std::string_view value(text_.data(), text_.size() - kParameterEnd.size());
    if (value.starts_with('\n'))
      value.remove_prefix(1);  // the template puts it on lines of its own
    if (value.ends_with('\n')) value.remove_suffix(1);
    sink_.add_arguments((any_ ? ", " : "{") + to_text(Json(key_)) + ": " +
                        to_text(argument_of(tool_, key_, value)));
    any_ = true;
    text_.clear();
    part_ = Part::kBetween;
    return Status::kMore;
  }

  Status feed_json(char c) {
    const Status status = json_->feed(c);
    if (status != Status::kDone) return status;
    part_ = Part::kEnd;
    return Status::kMore;
  }

  // Behind the arguments: </function>, which some leave out.
  Status feed_end(char c) {
    if (text_.empty() && is_json_space(c)) return Status::kMore;
    text_ += c;
    if (text_ == kFunctionEnd) return Status::kDone;
    return kFunctionEnd.starts_with(text_) ? Status::kMore : Status::kFailed;
  }

  ToolCallSink& sink_;
  const Json* types_;
  std::optional<ArgumentsReader> json_;
  const Json* tool_ = nullptr;
  Part part_ = Part::kFunction;
  std::string text_, key_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> xml_payload(ToolCallSink& sink, const Json* types) {
  return std::make_unique<XmlPayload>(sink, types);
}

std::unique_ptr<ToolPayload> function_tag(ToolCallSink& sink, const Json* tools) {
  auto payload = xml_payload(sink, tools);
  for (const char c : kFunction) payload->feed(c);  // the mark is part of the payload
  return payload;
}

}  // namespace parley::text
