// Harmony, of gpt-oss: a reply has messages, each with a head that names its channel and, where it
// is a call, its recipient.
#include <algorithm>
#include <optional>

#include "prompt/families/arguments.hpp"
#include "prompt/families/family.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxHarmonyHead = 600;
constexpr std::string_view kMessage = "<|message|>";

// The head, and the arguments of a call. What a message says else is the parser's to read.
class HarmonyPayload : public ToolPayload {
 public:
  explicit HarmonyPayload(ToolCallSink& sink) : sink_(sink) {}

  Status feed(char c) override {
    if (arguments_) return arguments_->feed(c);
    head_ += c;
    if (head_.size() > kMaxHarmonyHead) return Status::kFailed;
    if (!head_.ends_with(kMessage)) return Status::kMore;
    head_.resize(head_.size() - kMessage.size());
    const std::string name = recipient();
    if (name.empty())
      return head_.find("analysis") != std::string::npos ? Status::kReasoning : Status::kDone;
    if (!is_tool_name(name)) return Status::kFailed;
    sink_.begin_call(name, {});
    arguments_.emplace(sink_);
    return Status::kMore;
  }

 private:
  // What " to=functions.NAME" names; empty where the message is for people.
  std::string recipient() const {
    constexpr std::string_view kTo = "to=", kFunctions = "functions.";
    const std::size_t at = head_.find(kTo);
    if (at == std::string::npos) return {};
    std::string name = head_.substr(at + kTo.size());
    name.resize(std::min(name.find_first_of(" <\n"), name.size()));
    if (name.starts_with(kFunctions)) name.erase(0, kFunctions.size());
    return name == "assistant" || name == "user" ? std::string() : name;
  }

  ToolCallSink& sink_;
  std::string head_;
  std::optional<ArgumentsReader> arguments_;
};

std::unique_ptr<ToolPayload> harmony_message(ToolCallSink& sink, const Json*) {
  return std::make_unique<HarmonyPayload>(sink);
}

constexpr std::string_view kHarmonySigns[] = {"<|channel|>"};
constexpr std::string_view kHarmonyAll[] = {"<|message|>"};
constexpr std::string_view kHarmonyParting[] = {"<|start|>", "<|channel|>", "<|constrain|>",
                                                "<|message|>", "<|end|>"};
constexpr Envelope kHarmonyEnvelopes[] = {
    {.open = "<|start|>assistant",
     .payload = harmony_message,
     .close = "<|call|>",
     .around_all = true},
    {.open = "<|channel|>", .payload = harmony_message, .close = "<|call|>", .around_all = true},
    {.open = "<|end|>", .around_all = true},
    {.open = "<|return|>", .around_all = true},
};

}  // namespace

const Family kHarmony = {
    .style = ToolCallStyle::kHarmony,
    .name = "harmony",
    .models = "gpt-oss",
    .example =
        "<|channel|>commentary to=functions.f <|constrain|>json<|message|>{\"a\": 1}"
        "<|call|>",
    .signs = kHarmonySigns,
    .and_all = kHarmonyAll,
    .envelopes = kHarmonyEnvelopes,
    .reasoning = {"<|channel|>analysis<|message|>", "<|end|>"},
    .parting = kHarmonyParting,
    .forced = {.name = "name",
               .arguments = "arguments",
               .named = "<|channel|>commentary to=functions.",
               .behind_name = " <|constrain|>json<|message|>"},
};

}  // namespace parley::text
