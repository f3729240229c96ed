// Phi 4 mini and Granite.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kPhiSigns[] = {"<|tool_call|>", "<|/tool|>"};
constexpr Envelope kPhiEnvelopes[] = {
    {"<|tool_call|>", listed_calls, "<|/tool_call|>"},
    {"<tool_call>", tagged_calls, "</tool_call>"},
    {.open = "functools", .payload = listed_calls, .at_line = true},
};

}  // namespace

const Family kPhi = {
    .style = ToolCallStyle::kPhi,
    .name = "phi",
    .models = "Phi 4 mini, Granite",
    .example = "<|tool_call|>[{\"name\": \"f\", \"arguments\": {\"a\": 1}}]<|/tool_call|>",
    .signs = kPhiSigns,
    .envelopes = kPhiEnvelopes,
    .forced = {.begun = "<|tool_call|>", .name = "name", .arguments = "arguments", .list = true},
};

}  // namespace parley::text
