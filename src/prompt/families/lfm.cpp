// LFM 2 and 2.5.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kLfmSigns[] = {"<|tool_call_start|>", "<|tool_list_start|>"};
constexpr Envelope kLfmEnvelopes[] = {
    {"<|tool_call_start|>", bracketed_calls, "<|tool_call_end|>"},
};

}  // namespace

const Family kLfm = {
    .style = ToolCallStyle::kLfm,
    .name = "lfm",
    .models = "LFM 2 and 2.5",
    .example = "<|tool_call_start|>[f(a=1)]<|tool_call_end|>",
    .signs = kLfmSigns,
    .envelopes = kLfmEnvelopes,
};

}  // namespace parley::text
