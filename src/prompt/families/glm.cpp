// GLM 4.5 and its successors.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

constexpr std::string_view kGlmSigns[] = {"<arg_key>"};
constexpr Envelope kGlmEnvelopes[] = {{"<tool_call>", tagged_calls, "</tool_call>"}};

}  // namespace

const Family kGlm = {
    .style = ToolCallStyle::kGlm,
    .name = "glm",
    .models = "GLM 4.5 and later",
    .example = "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n</tool_call>",
    .signs = kGlmSigns,
    .envelopes = kGlmEnvelopes,
    .forced = {.begun = "<tool_call>\n", .name = "name", .arguments = "arguments"},
};

}  // namespace parley::text
