// What every family of the table must do, and the forms that each reads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "base/file.hpp"
#include "prompt/families/family.hpp"
#include "prompt/tool_calls_test_support.hpp"

namespace parley::text {
namespace families_test {

using Style = ToolCallStyle;
using testing::HasSubstr;

const Json kTools = Json::parse(R"([
  {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties":
    {"a": {"type": "integer"}, "s": {"type": "string"}}}}},
  {"type": "function", "function": {"name": "g"}}])");

ToolCallOptions options_of(Style style) {
  ToolCallOptions options;
  options.style = style;
  options.tools = kTools;
  return options;
}

// "content|reasoning|name(arguments)#id …", read in pieces of `step` bytes.
std::string read(const ToolCallOptions& options, std::string_view text, std::size_t step) {
  ToolCallParser parser(options);
  std::vector<ToolEvent> events;
  for (std::size_t at = 0; at < text.size(); at += step) {
    for (ToolEvent& event : parser.push(text.substr(at, step))) events.push_back(std::move(event));
  }
  for (ToolEvent& event : parser.finish()) events.push_back(std::move(event));
  const ParsedMessage message = message_of(std::move(events));
  std::string out = message.content + "|" + message.reasoning + "|";
  for (const ToolCall& call : message.calls)
    out += call.name + "(" + call.arguments + ")#" + call.id + " ";
  return out;
}

std::string read(Style style, std::string_view text) {
  const std::string whole = read(options_of(style), text, text.size() + 1);
  for (const std::size_t step : {1, 2, 3, 7})
    EXPECT_EQ(read(options_of(style), text, step), whole) << text;
  return whole;
}

TEST(Families, EachReadsItsExample) {
  std::set<Style> styles;
  std::set<std::string_view> names;
  for (const Family* family : families()) {
    const std::string name(family->name);
    SCOPED_TRACE(name);
    styles.insert(family->style);
    names.insert(family->name);
    EXPECT_EQ(family_of(family->style), family);
    std::string shown = read(family->style, family->example);
    std::erase(shown, ' ');
    EXPECT_THAT(shown, testing::StartsWith("||f({\"a\":1})#"));
  }
  EXPECT_EQ(styles.size(), families().size());
  EXPECT_EQ(names.size(), families().size());
  EXPECT_EQ(family_of(Style::kNone), nullptr);
}

TEST(Families, AreKnownByTheirTemplates) {
  for (const auto& [source, style] : std::vector<std::pair<std::string, Style>>{
           {"{{ '<tool_call>' }}", Style::kHermes},
           {"[TOOL_CALLS] [", Style::kMistral},
           {"<|tool_call|>", Style::kPhi},
           {"<|tool|>{{ message['tools'] }}<|/tool|>", Style::kPhi},
           {"\"<|python_tag|>\" + name", Style::kLlama},
           {"Environment: ipython", Style::kLlama},
           {"[func_name1(params_name1=params_value1)]", Style::kPythonic},
           {"<|START_ACTION|>", Style::kCommandR},
           {"<｜tool▁calls▁begin｜>", Style::kDeepSeek},
           {"<|tool_calls_section_begin|>", Style::kKimi},
           {"<tool_call>{{ name }}<arg_key>", Style::kGlm},
           {"<|tool_list_start|>", Style::kLfm},
           {">>>all\n", Style::kFunctionary},
           {"<|channel|>final<|message|>", Style::kHarmony},
           {"<|channel|>", Style::kNone},
           {"{{ messages }}", Style::kNone}}) {
    EXPECT_EQ(detect_tool_call_style(source), style) << source;
  }
}

struct Form {
  Style style;
  const char *text, *shown;
};

class FamilyForms : public ::testing::TestWithParam<Form> {};

TEST_P(FamilyForms, IsRead) {
  EXPECT_EQ(read(GetParam().style, GetParam().text), GetParam().shown);
}

constexpr Form kForms[] = {
    // Llama's own functions and tools, and Functionary 3.1's.
    {Style::kLlama, "<function=f>{\"a\": 1}</function>", "||f({\"a\": 1})# "},
    {Style::kLlama, "<function=f>{\"a\": 1}</function>\n<function=g>{}</function>ok",
     "ok||f({\"a\": 1})# g({})# "},
    {Style::kLlama, "So <function=f>{\"a\": 1}", "So ||f({\"a\": 1})# "},
    {Style::kLlama, "<|python_tag|>brave_search.call(query=\"x (y)\")",
     "||brave_search({\"query\":\"x (y)\"})# "},
    {Style::kLlama, "<|python_tag|>f.call(a=1)\ng.call()", "||f({\"a\":1})# g({})# "},
    {Style::kLlama, "<|python_tag|>print('x')", "<|python_tag|>print('x')||"},
    {Style::kLlama, "<|python_tag|>{\"name\": \"f\"}; {\"name\": \"g\"}", "||f({})# g({})# "},
    // Qwen 2.5.
    {Style::kHermes, "Sure.\n```json\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n```\nDone.",
     "Sure.\n\nDone.||f({\"a\": 1})# "},
    {Style::kHermes, "```\n[{\"name\": \"f\"}, {\"name\": \"g\"}]\n```", "||f({})# g({})# "},
    {Style::kHermes, "<tools>\n{\"name\": \"f\"}\n{\"name\": \"g\"}\n</tools>", "||f({})# g({})# "},
    {Style::kHermes, "```json\n{\"name\": \"Ann\", \"arguments\": {}}\n```",
     "```json\n{\"name\": \"Ann\", \"arguments\": {}}\n```||"},
    {Style::kHermes, "Use `<tools>` and ```json {\"name\": \"f\"}```",
     "Use `<tools>` and ```json {\"name\": \"f\"}```||"},
    // Several in one block.
    {Style::kHermes, "<tool_call>\n{\"name\": \"f\"}\n{\"name\": \"g\"}\n</tool_call>",
     "||f({})# g({})# "},
    {Style::kHermes, "<tool_call>[{\"name\": \"f\"}, {\"name\": \"g\"}]</tool_call>",
     "||f({})# g({})# "},
    {Style::kHermes,
     "<tool_call><function=f><parameter=a>1</parameter></function>\n"
     "<function=g></function></tool_call>",
     "||f({\"a\": 1})# g({})# "},
    // Mistral without its mark.
    {Style::kMistral, "[{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"abcdefghi\"}]",
     "||f({\"a\": 1})#abcdefghi "},
    {Style::kMistral, "[TOOL_CALLS]f{\"a\": 1}", "||f({\"a\": 1})# "},
    // Phi 4 mini.
    {Style::kPhi, "functools[{\"name\": \"f\", \"arguments\": {\"a\": 1}}]", "||f({\"a\": 1})# "},
    {Style::kPhi, "import functools[0]", "import functools[0]||"},
    // Command R7B.
    {Style::kCommandR,
     "<|START_THINKING|>hm<|END_THINKING|><|START_RESPONSE|>Hi <b>!<|END_RESPONSE|>",
     "Hi <b>!|hm|"},
    {Style::kCommandR,
     "<|START_THINKING|>hm<|END_THINKING|><|START_ACTION|>[\n {\"tool_call_id\": \"0\", "
     "\"tool_name\": \"f\", \"parameters\": {\"a\": 1}}\n]<|END_ACTION|>",
     "|hm|f({\"a\": 1})#0 "},
    // DeepSeek, and the ways of its distillates.
    {Style::kDeepSeek,
     "<think>hm</think>ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n"
     "```json\n{\"a\": 1}\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n"
     "```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
     "ok|hm|f({\"a\": 1})# g({})# "},
    {Style::kDeepSeek, "<｜tool▁calls▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```",
     "||f({\"a\": 1})# "},
    {Style::kDeepSeek, "<｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜>bye",
     "bye||f({\"a\": 1})# "},
    {Style::kDeepSeek, "<｜tool_calls_begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{}", "||f({})# "},
    {Style::kDeepSeek,
     "<｜tool▁call▁begin｜>function<｜tool▁sep｜>bad<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n{"
     "}",
     "<｜tool▁call▁begin｜>function<｜tool▁sep｜>bad||g({})# "},
    // Functionary 3.2.
    {Style::kFunctionary, "all\nHello\nyou", "Hello\nyou||"},
    {Style::kFunctionary, "f\n{\"a\": 1}", "||f({\"a\": 1})# "},
    {Style::kFunctionary, "all\nI look.>>>f\n{\"a\": 1}>>>g\n{}",
     "I look.||f({\"a\": 1})# g({})# "},
    {Style::kFunctionary, "h\n{\"a\": 1}\n>>> print(1)\n1", "h\n{\"a\": 1}\n>>> print(1)\n1||"},
    // GLM.
    {Style::kGlm,
     "<think>hm</think>\n<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n"
     "<arg_key>s</arg_key>\n<arg_value>2 <b>\n</arg_value>\n</tool_call>\n<tool_call>g\n"
     "</tool_call>",
     "|hm|f({\"a\": 1, \"s\": \"2 <b>\\n\"})# g({})# "},
    {Style::kGlm, "<tool_call>f<arg_key>s</arg_key><arg_value>7</arg_value></tool_call>",
     "||f({\"s\": \"7\"})# "},
    // Kimi: the id has the name.
    {Style::kKimi,
     "ok<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>"
     "{\"a\": 1}<|tool_call_end|><|tool_call_begin|>functions.g:1<|tool_call_argument_begin|>{}"
     "<|tool_call_end|><|tool_calls_section_end|>",
     "ok||f({\"a\": 1})#functions.f:0 g({})#functions.g:1 "},
    {Style::kKimi,
     "<think>hm \n<|tool_call_begin|>functions.f:0<|tool_call_argument_begin|>{\"a\": 1}"
     "<|tool_call_end|>",
     "|hm|f({\"a\": 1})#functions.f:0 "},
    // LFM.
    {Style::kLfm, "<|tool_call_start|>[f(a=1), shop.order(s=\"b\")]<|tool_call_end|>\nDone.",
     "\nDone.||f({\"a\":1})# shop.order({\"s\":\"b\"})# "},
    // Harmony.
    {Style::kHarmony,
     "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>commentary to=functions.f"
     " <|constrain|>json<|message|>{\"a\": 1}<|call|>",
     "|hm|f({\"a\": 1})# "},
    {Style::kHarmony,
     "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>Hi "
     "<b>!<|return|>",
     "Hi <b>!|hm|"},
    {Style::kHarmony,
     "<|channel|>commentary<|message|>I look.<|end|><|start|>assistant to=functions.f<|channel|>"
     "commentary<|constrain|>json<|message|>{\"a\": 1}",
     "I look.||f({\"a\": 1})# "},
};

INSTANTIATE_TEST_SUITE_P(Forms, FamilyForms, ::testing::ValuesIn(kForms));

// A model that thinks about calls makes none.
TEST(Families, ReasoningHasNoCalls) {
  for (const Family* family : families()) {
    const Reasoning& marks = family->reasoning;
    const std::string thought = "I could write " + std::string(family->example) + " here";
    if (family->calls_end_reasoning) continue;
    const std::string text = std::string(marks.open) + thought + std::string(marks.close) + "No.";
    EXPECT_EQ(read(family->style, text), "No.|" + thought + "|") << family->name;
  }
}

// What stands outside of calls is there to the byte, however much it looks like the beginnings of
// calls, and calls are found however the text is cut.
TEST(Families, ProseAroundCallsIsKept) {
  const std::vector<std::string> pieces = {"<",
                                           "[",
                                           "{",
                                           "}",
                                           "]",
                                           "```",
                                           "```json\n",
                                           ">>",
                                           ">>>",
                                           "<|",
                                           "|>",
                                           "functools",
                                           "f(a=1)",
                                           "{\"name\": \"",
                                           "\"f\"",
                                           "<tool_call",
                                           "</tool_call",
                                           "<tools",
                                           "<function",
                                           "[TOOL_CALLS",
                                           "<|START_ACTION",
                                           "<|channel",
                                           "<｜tool",
                                           "\n",
                                           "\n\n",
                                           " ",
                                           "  \t",
                                           "é",
                                           "日本",
                                           "\\",
                                           "\"",
                                           "f\n",
                                           "<think>",
                                           "</think>",
                                           "a: 1,",
                                           "<b>",
                                           "&lt;",
                                           "<arg_key>",
                                           "\r\n",
                                           "**x**"};
  EXPECT_TRUE(rc::check([&] {
    const Family& family = *families()[*rc::gen::inRange<std::size_t>(0, families().size())];
    std::string text, prose;
    int calls = 0;
    for (int parts = *rc::gen::inRange(1, 5); parts > 0; --parts) {
      std::string words = "x";  // a letter at each edge, and between pieces that may join
      for (const auto& piece :
           *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)))
        words += piece + "x";
      text += words;
      prose += words;
      if (!*rc::gen::arbitrary<bool>()) continue;
      text += family.example;
      ++calls;
    }
    const std::size_t step = *rc::gen::inRange<std::size_t>(1, 12);
    const std::string shown = read(options_of(family.style), text, step);
    RC_ASSERT(shown.starts_with(prose + "||"));
    RC_ASSERT(std::ranges::count(shown.substr(prose.size()), '(') == calls);
  }));
}

TEST(Families, WithoutToolsOnlyWhatStandsAroundTheAnswerIsRead) {
  for (const Family* family : families()) {
    ToolCallOptions options = options_of(family->style);
    options.calls = false;
    options.tools = Json();
    if (family->style != Style::kHarmony && family->style != Style::kFunctionary) {
      EXPECT_EQ(read(options, family->example, 3), std::string(family->example) + "||");
    }
  }
  ToolCallOptions options = options_of(Style::kHarmony);
  options.calls = false;
  EXPECT_EQ(read(options, "<|channel|>final<|message|>Hi", 2), "Hi||");
  options.style = Style::kFunctionary;
  EXPECT_EQ(read(options, "all\nHi", 2), "Hi||");
}

TEST(Families, EachHasASeedForTheFuzzerAndALineInTheDocumentation) {
  const std::string root = PARLEY_SOURCE_DIR;
  const std::string page = read_file(root + "/docs/chat-templates.md");
  for (const Family* family : families()) {
    std::string name(family->name);
    const std::string models(family->models);
    EXPECT_THAT(page, HasSubstr("\n| " + name + " | " + models + " | "));
    std::ranges::replace(name, '-', '_');
    const std::string seed = read_file(root + "/tests/corpus/tool_calls_fuzz/" + name);
    ASSERT_GT(seed.size(), 2u);
    EXPECT_EQ(static_cast<Style>(seed[0]), family->style) << name;
  }
}

}  // namespace families_test
}  // namespace parley::text
