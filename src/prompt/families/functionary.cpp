// Functionary 3.2: a message has parts, each with its recipient on a line of its own. The first
// recipient follows the prompt, which ends with >>>.
#include <optional>

#include "prompt/families/arguments.hpp"
#include "prompt/families/family.hpp"
#include "prompt/families/tool_names.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kEverybody = "all";  // what follows is the answer

class RecipientPayload : public ToolPayload {
 public:
  RecipientPayload(ToolCallSink& sink, const Json* tools) : sink_(sink), tools_(tools) {}

  Status feed(char c) override {
    if (arguments_) return arguments_->feed(c);
    if (c != '\n') {
      name_ += c;
      return is_tool_name(name_) ? Status::kMore : Status::kFailed;
    }
    if (name_ == kEverybody) return Status::kDone;
    if (!may_call(&offered_tools(tools_), name_)) return Status::kFailed;
    sink_.begin_call(name_, {});
    arguments_.emplace(sink_);
    return Status::kMore;
  }

 private:
  ToolCallSink& sink_;
  const Json* tools_;
  std::string name_;
  std::optional<ArgumentsReader> arguments_;
};

std::unique_ptr<ToolPayload> recipient_calls(ToolCallSink& sink, const Json* tools) {
  return std::make_unique<RecipientPayload>(sink, tools);
}

constexpr std::string_view kFunctionarySigns[] = {">>>all"};
constexpr Envelope kFunctionaryStart = {.open = "", .payload = recipient_calls, .around_all = true};
constexpr Envelope kFunctionaryEnvelopes[] = {
    {.open = ">>>", .payload = recipient_calls, .around_all = true}};

}  // namespace

const Family kFunctionary = {
    .style = ToolCallStyle::kFunctionary,
    .name = "functionary",
    .models = "Functionary 3.2",
    .example = ">>>f\n{\"a\": 1}",
    .signs = kFunctionarySigns,
    .envelopes = kFunctionaryEnvelopes,
    .start = &kFunctionaryStart,
    .forced = {.name = "name", .arguments = "arguments", .behind_name = "\n"},
};

}  // namespace parley::text
