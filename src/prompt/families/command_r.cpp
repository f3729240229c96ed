// Command R7B and Command A.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kCommandRSigns[] = {"<|START_ACTION|>"};
constexpr Envelope kCommandREnvelopes[] = {
    {"<|START_ACTION|>", listed_calls, "<|END_ACTION|>"},
    {.open = "<|START_RESPONSE|>", .around_all = true},
    {.open = "<|END_RESPONSE|>", .around_all = true},
};

}  // namespace

const Family kCommandR = {
    .style = ToolCallStyle::kCommandR,
    .name = "command-r",
    .models = "Command R7B, Command A",
    .example =
        "<|START_ACTION|>[{\"tool_call_id\": \"0\", \"tool_name\": \"f\", \"parameters\": "
        "{\"a\": 1}}]<|END_ACTION|>",
    .signs = kCommandRSigns,
    .envelopes = kCommandREnvelopes,
    .reasoning = {"<|START_THINKING|>", "<|END_THINKING|>"},
    .forced = {.begun = "<|START_ACTION|>",
               .name = "tool_name",
               .arguments = "parameters",
               .list = true},
};

}  // namespace parley::text
