// Mistral, Mixtral, Ministral, Magistral, Devstral.
#include <optional>

#include "prompt/families/arguments.hpp"
#include "prompt/families/family.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxMistralHead = 600;

// Behind [TOOL_CALLS]: a list, whose calls come whole since an id may stand last, or
// NAME[CALL_ID]ID[ARGS]{…}.
class MistralPayload : public ToolPayload {
 public:
  explicit MistralPayload(ToolCallSink& sink) : sink_(sink) {}

  Status feed(char c) override {
    if (list_) return list_->feed(c);
    if (arguments_) return arguments_->feed(c);
    if (head_.empty() && is_json_space(c)) return Status::kMore;
    if (head_.empty() && (c == '[' || c == '{')) {
      list_ = json_payload(sink_, {.id_last = true});
      return list_->feed(c);
    }
    if (head_.size() > kMaxMistralHead) return Status::kFailed;
    if (c != '{') {
      head_ += c;
      return Status::kMore;
    }
    return begin() ? arguments_->feed(c) : Status::kFailed;
  }

 private:
  bool begin() {
    std::string_view head = head_;
    const auto take_before = [&](std::string_view marker) {
      const std::size_t at = head.rfind(marker);
      if (at == std::string_view::npos) return std::string_view();
      const std::string_view after = head.substr(at + marker.size());
      head = head.substr(0, at);
      return after;
    };
    take_before("[ARGS]");
    const std::string_view id = take_before("[CALL_ID]");
    const std::string_view name = head.substr(0, head.find_last_not_of(" \n\t") + 1);
    if (!is_tool_name(name)) return false;
    arguments_.emplace(sink_);
    sink_.begin_call(std::string(name), std::string(id));
    return true;
  }

  ToolCallSink& sink_;
  std::unique_ptr<ToolPayload> list_;
  std::optional<ArgumentsReader> arguments_;
  std::string head_;  // NAME[CALL_ID]ID[ARGS]
};

std::unique_ptr<ToolPayload> mistral_calls(ToolCallSink& sink, const Json*) {
  return std::make_unique<MistralPayload>(sink);
}

constexpr std::string_view kMistralSigns[] = {"[TOOL_CALLS]"};
constexpr std::string_view kMistralInner[] = {"[ARGS]", "[CALL_ID]"};
constexpr Envelope kMistralEnvelopes[] = {{"[TOOL_CALLS]", mistral_calls}};

}  // namespace

const Family kMistral = {
    .style = ToolCallStyle::kMistral,
    .name = "mistral",
    .models = "Mistral, Mixtral, Ministral, Magistral, Devstral",
    .example = "[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": 1}}]",
    .signs = kMistralSigns,
    .envelopes = kMistralEnvelopes,
    .reasoning = {"[THINK]", "[/THINK]"},
    .inner = kMistralInner,
    .forced = {.begun = "[TOOL_CALLS]", .name = "name", .arguments = "arguments", .list = true},
};

}  // namespace parley::text
