// Any text of a model of any family: the same result however it is cut, arguments that are JSON
// objects, and nothing but white space and markers lost.
#include <algorithm>
#include <cstdlib>

#include "prompt/families/family.hpp"
#include "prompt/tool_calls_test_support.hpp"

namespace {

using namespace parley;
using Kind = text::ToolEvent::Kind;

text::ParsedMessage collect(const std::vector<text::ToolEvent>& events) {
  text::ParsedMessage out;
  bool open = false;
  for (const text::ToolEvent& event : events) {
    if (event.kind == Kind::kText) out.content += event.text;
    if (event.kind == Kind::kReasoning) out.reasoning += event.text;
    const bool of_call = event.kind == Kind::kCallArguments || event.kind == Kind::kCallEnd ||
                         event.kind == Kind::kCallAbandoned;
    if (of_call != open && event.kind != Kind::kCallBegin) std::abort();
    if (event.kind == Kind::kCallBegin) {
      if (open) std::abort();
      open = true;
      out.calls.push_back({event.id, event.name, ""});
    }
    if (event.kind == Kind::kCallArguments) out.calls.back().arguments += event.text;
    if (event.kind == Kind::kCallAbandoned) out.calls.pop_back();
    if (event.kind == Kind::kCallEnd || event.kind == Kind::kCallAbandoned) open = false;
  }
  if (open) std::abort();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  text::ToolCallOptions options;
  options.style = static_cast<text::ToolCallStyle>(data[0] % (text::families().size() + 1));
  options.reasoning = (data[1] & 1) != 0;
  options.opens_in_reasoning = (data[1] & 2) != 0;
  options.calls = (data[1] & 4) == 0;
  options.tools = {{{"name", "f"}}, {{"function", {{"name", "g"}}}}};
  const std::size_t step = 1 + (data[1] >> 3) % 7;
  const std::string_view input(reinterpret_cast<const char*>(data) + 2, size - 2);
  text::ToolCallParser parser(options);
  std::vector<text::ToolEvent> events;
  for (std::size_t at = 0; at < input.size(); at += step) {
    for (auto& event : parser.push(input.substr(at, step))) events.push_back(std::move(event));
  }
  for (auto& event : parser.finish()) events.push_back(std::move(event));
  const text::ParsedMessage cut = collect(events), whole = text::parse_message(input, options);
  if (cut.content != whole.content || cut.reasoning != whole.reasoning ||
      cut.calls.size() != whole.calls.size()) {
    std::abort();
  }
  for (std::size_t i = 0; i < cut.calls.size(); ++i) {
    const text::ToolCall &a = cut.calls[i], &b = whole.calls[i];
    if (a.id != b.id || a.name != b.name || a.arguments != b.arguments) std::abort();
    const auto arguments = try_parse_json(a.arguments);
    if (!arguments || !arguments->is_object()) std::abort();
  }
  // Marks around the answer are left out, where the family has any.
  const text::Family* family = text::family_of(options.style);
  const bool framed =
      family != nullptr && std::ranges::any_of(family->envelopes, &text::Envelope::around_all);
  if (cut.calls.empty() && !options.reasoning && !framed && cut.content != input) std::abort();
  return 0;
}
