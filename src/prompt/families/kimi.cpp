// Kimi K2.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr HeadedCalls kKimiCalls = {"<|tool_call_begin|>", "<|tool_call_argument_begin|>",
                                    "<|tool_call_end|>"};

std::unique_ptr<ToolPayload> kimi_calls(ToolCallSink& sink, const Json*) {
  return headed_payload(sink, kKimiCalls);
}

std::unique_ptr<ToolPayload> kimi_call(ToolCallSink& sink, const Json*) {
  HeadedCalls calls = kKimiCalls;
  calls.opened = true;
  return headed_payload(sink, calls);
}

constexpr std::string_view kKimiSigns[] = {"<|tool_calls_section_begin|>"};
constexpr std::string_view kKimiInner[] = {"<|tool_call_argument_begin|>", "<|tool_call_end|>"};
constexpr Envelope kKimiEnvelopes[] = {
    {"<|tool_calls_section_begin|>", kimi_calls, "<|tool_calls_section_end|>"},
    {"<|tool_call_begin|>", kimi_call, "<|tool_calls_section_end|>"},
};

}  // namespace

const Family kKimi = {
    .style = ToolCallStyle::kKimi,
    .name = "kimi",
    .models = "Kimi K2",
    .example =
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0"
        "<|tool_call_argument_begin|>{\"a\": 1}<|tool_call_end|>"
        "<|tool_calls_section_end|>",
    .signs = kKimiSigns,
    .envelopes = kKimiEnvelopes,
    .calls_end_reasoning = true,
    .inner = kKimiInner,
    .forced = {.name = "name",
               .arguments = "arguments",
               .named = "<|tool_calls_section_begin|><|tool_call_begin|>functions.",
               .behind_name = ":0<|tool_call_argument_begin|>"},
};

}  // namespace parley::text
