// Hermes, and what took over its tags: Qwen 2.5 and 3, Qwen3 Coder, SmolLM3, Hammer.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

std::unique_ptr<ToolPayload> code_calls(ToolCallSink& sink, const Json* tools) {
  return python_payload(sink, {.tools = tools, .close = "</code>"});
}

constexpr std::string_view kHermesSigns[] = {"<tool_call>", "<function="};
constexpr Envelope kHermesEnvelopes[] = {
    {"<tool_call>", tagged_calls, "</tool_call>"},
    {"<function=", function_tag, "</tool_call>"},
    {"<code>", code_calls},
    // Qwen 2.5 takes the tag that its tools come in, or a fence, for that of its calls.
    {.open = "<tools>", .payload = offered_calls, .close = "</tools>", .at_line = true},
    {.open = "```", .payload = fenced_calls, .close = "```", .at_line = true},
};

}  // namespace

const Family kHermes = {
    .style = ToolCallStyle::kHermes,
    .name = "hermes",
    .models = "Hermes, Qwen 2.5 and 3, Qwen3 Coder, SmolLM3, Hammer",
    .example = "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>",
    .signs = kHermesSigns,
    .envelopes = kHermesEnvelopes,
    .forced = {.begun = "<tool_call>\n", .name = "name", .arguments = "arguments"},
};

}  // namespace parley::text
