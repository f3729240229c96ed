// Llama 4, and whoever calls in Python's notation.
#include "prompt/families/family.hpp"

namespace parley::text {
namespace {

// Llama's templates describe a list of calls by this example.
constexpr std::string_view kPythonicSigns[] = {"<|python_start|>", "func_name1("};
constexpr Envelope kPythonicEnvelopes[] = {
    {"<|python_start|>", bracketed_calls, "<|python_end|>"},
};

}  // namespace

const Family kPythonic = {
    .style = ToolCallStyle::kPythonic,
    .name = "pythonic",
    .models = "Llama 4",
    .example = "<|python_start|>[f(a=1)]<|python_end|>",
    .signs = kPythonicSigns,
    .envelopes = kPythonicEnvelopes,
};

}  // namespace parley::text
