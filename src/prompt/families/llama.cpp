// Llama 3.1 to 3.3, which call as the whole message, and Functionary 3.1, made of them.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

// Behind <|python_tag|>: JSON, or a call of one of Llama's own tools: brave_search.call(query="x").
std::unique_ptr<ToolPayload> python_tag_calls(ToolCallSink& sink, const Json* tools) {
  return any_payload(sink, {.types = tools, .python_lines = true});
}

constexpr std::string_view kLlamaSigns[] = {"<|python_tag|>", "ipython"};
constexpr Envelope kLlamaEnvelopes[] = {
    {"<|python_tag|>", python_tag_calls},
    {"<function=", function_tag},
};

}  // namespace

const Family kLlama = {
    .style = ToolCallStyle::kLlama,
    .name = "llama",
    .models = "Llama 3.1, 3.2, 3.3, Functionary 3.1",
    .example = "<|python_tag|>{\"name\": \"f\", \"parameters\": {\"a\": 1}}",
    .signs = kLlamaSigns,
    .envelopes = kLlamaEnvelopes,
};

}  // namespace parley::text
