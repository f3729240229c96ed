// DeepSeek V3, V3.1 and R1, and what was distilled from R1, which spells the marks in other ways.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr HeadedCalls kDeepSeekCalls = {"<｜tool▁call▁begin｜>", "<｜tool▁sep｜>",
                                        "<｜tool▁call▁end｜>"};
constexpr std::string_view kDeepSeekEnd = "<｜tool▁calls▁end｜>";

std::unique_ptr<ToolPayload> deepseek_calls(ToolCallSink& sink, const Json*) {
  return headed_payload(sink, kDeepSeekCalls);
}

std::unique_ptr<ToolPayload> deepseek_call(ToolCallSink& sink, const Json*) {
  HeadedCalls calls = kDeepSeekCalls;
  calls.opened = true;
  return headed_payload(sink, calls);
}

constexpr std::string_view kDeepSeekSigns[] = {"<｜tool▁calls▁begin｜>", "<｜tool▁call▁begin｜>",
                                               "<｜tool▁outputs▁begin｜>"};
constexpr std::string_view kDeepSeekInner[] = {"<｜tool▁sep｜>", "<｜tool▁call▁end｜>"};
constexpr Envelope kDeepSeekEnvelopes[] = {
    {"<｜tool▁calls▁begin｜>", deepseek_calls, kDeepSeekEnd},
    {"<｜tool▁call▁begin｜>", deepseek_call, kDeepSeekEnd},
    {"<｜tool_calls_begin｜>", deepseek_calls, kDeepSeekEnd},
    {"<｜tool calls begin｜>", deepseek_calls, kDeepSeekEnd},
    {"<｜tool▁calls｜>", deepseek_calls, kDeepSeekEnd},
};

}  // namespace

const Family kDeepSeek = {
    .style = ToolCallStyle::kDeepSeek,
    .name = "deepseek",
    .models = "DeepSeek V3, V3.1, R1 and its distillates",
    .example =
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n"
        "{\"a\": 1}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
    .signs = kDeepSeekSigns,
    .envelopes = kDeepSeekEnvelopes,
    .inner = kDeepSeekInner,
    .forced = {.name = "name",
               .arguments = "arguments",
               .named = "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
               .behind_name = "<｜tool▁sep｜>"},
};

}  // namespace parley::text
