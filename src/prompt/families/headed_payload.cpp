// Calls with a head and marks around it, of DeepSeek and Kimi.
#include <algorithm>
#include <optional>

#include "prompt/families/arguments.hpp"
#include "prompt/families/payload.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxHead = 600;
constexpr std::string_view kOfDeepSeek = "function";  // DeepSeek's kind of call, before its name
constexpr std::string_view kFence = "```", kLanguage = "json";

class HeadedPayload : public ToolPayload {
 public:
  HeadedPayload(ToolCallSink& sink, const HeadedCalls& calls)
      : sink_(sink), calls_(calls), part_(calls.opened ? Part::kHead : Part::kBetween) {}

  Status feed(char c) override {
    switch (part_) {
      case Part::kBetween:
        return feed_between(c);
      case Part::kHead:
        return feed_head(c);
      case Part::kName:
        return feed_name(c);
      case Part::kBody:
        return feed_body(c);
      case Part::kArguments:
        return feed_arguments(c);
    }
    return Status::kFailed;
  }

  bool complete() const override { return any_ && part_ == Part::kBetween; }

 private:
  enum class Part { kBetween, kHead, kName, kBody, kArguments };

  // Between calls: white space, what closes the last one, what opens the next.
  Status feed_between(char c) {
    if (text_.empty() && is_json_space(c)) return Status::kMore;
    text_ += c;
    if (text_ == calls_.open) {
      part_ = Part::kHead;
      text_.clear();
      return Status::kMore;
    }
    const std::string bare = std::string(kOfDeepSeek) + std::string(calls_.separator);
    if (!any_ && text_ == bare) return read_head();  // some leave the mark before it out
    if (any_ && (text_ == calls_.close || text_ == kFence)) {
      text_.clear();
      return Status::kTaken;
    }
    const bool may = calls_.open.starts_with(text_) ||
                     (any_ ? calls_.close.starts_with(text_) || kFence.starts_with(text_)
                           : bare.starts_with(text_));
    return may ? Status::kMore : Status::kFailed;
  }

  Status feed_head(char c) {
    text_ += c;
    if (text_.size() > kMaxHead) return Status::kFailed;
    return text_.ends_with(calls_.separator) ? read_head() : Status::kMore;
  }

  Status read_head() {
    std::string head = text_.substr(0, text_.size() - calls_.separator.size());
    text_.clear();
    head.erase(0, std::min(head.find_first_not_of(" \n"), head.size()));
    head.erase(head.find_last_not_of(" \n") + 1);
    if (head == kOfDeepSeek) {
      part_ = Part::kName;
      return Status::kMore;
    }
    // Kimi numbers its calls: functions.NAME:3 is the id, and has the name.
    constexpr std::string_view kFunctions = "functions.";
    const std::size_t colon = head.rfind(':');
    const bool numbered = colon != std::string::npos && colon + 1 < head.size() &&
                          head.find_first_not_of("0123456789", colon + 1) == std::string::npos;
    const std::string id = numbered ? head : "";
    if (numbered) head.resize(colon);
    if (head.starts_with(kFunctions)) head.erase(0, kFunctions.size());
    return begin(std::move(head), id);
  }

  Status feed_name(char c) {
    if (c == '\n') return begin(std::exchange(text_, {}), {});
    text_ += c;
    return text_.size() <= kMaxHead && c != '<' ? Status::kMore : Status::kFailed;
  }

  Status begin(std::string name, std::string id) {
    name.erase(name.find_last_not_of(" \r") + 1);
    if (!is_tool_name(name)) return Status::kFailed;
    sink_.begin_call(std::move(name), std::move(id));
    arguments_.emplace(sink_);
    part_ = Part::kBody;
    return Status::kMore;
  }

  // Before the arguments: white space, and what opens a fence around them.
  Status feed_body(char c) {
    if (text_.empty() && c == '{') {
      part_ = Part::kArguments;
      return feed_arguments(c);
    }
    if (is_json_space(c) && (text_.empty() || text_ == kFence ||
                             text_ == std::string(kFence) + std::string(kLanguage))) {
      text_.clear();
      return Status::kMore;
    }
    text_ += c;
    const std::string fence = std::string(kFence) + std::string(kLanguage);
    return fence.starts_with(text_) ? Status::kMore : Status::kFailed;
  }

  Status feed_arguments(char c) {
    const Status status = arguments_->feed(c);
    if (status != Status::kDone) return status;
    part_ = Part::kBetween;
    any_ = true;
    return Status::kMore;
  }

  ToolCallSink& sink_;
  const HeadedCalls calls_;
  Part part_;
  std::optional<ArgumentsReader> arguments_;
  std::string text_;
  bool any_ = false;
};

}  // namespace

std::unique_ptr<ToolPayload> headed_payload(ToolCallSink& sink, const HeadedCalls& calls) {
  return std::make_unique<HeadedPayload>(sink, calls);
}

}  // namespace parley::text
