#include "prompt/tool_calls.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "prompt/python_calls.hpp"
#include "prompt/tool_calls_test_support.hpp"
#include "text/json_scanner.hpp"

namespace parley::text {
namespace tool_calls_test {

using Style = ToolCallStyle;
using Kind = ToolEvent::Kind;

ToolCallOptions options_of(Style style) {
  ToolCallOptions options;
  options.style = style;
  return options;
}

// "content|reasoning|name(arguments)#id …"
std::string shown(const ParsedMessage& message) {
  std::string out = message.content + "|" + message.reasoning + "|";
  for (const ToolCall& call : message.calls) {
    out += call.name + "(" + call.arguments + ")#" + call.id + " ";
  }
  return out;
}
std::string parsed(Style style, std::string_view text) {
  return shown(parse_message(text, options_of(style)));
}

TEST(ToolCalls, TaggedJson) {
  EXPECT_EQ(parsed(Style::kHermes,
                   "I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, "
                   "\"}\"]}}\n</tool_call>\n"
                   "<tool_call>{\"arguments\": {}, \"name\": \"g\"}</tool_call>\n"),
            "I look.\n||f({\"a\": [1, \"}\"]})# g({})# ");
  EXPECT_EQ(parsed(Style::kHermes,
                   "<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"x\\\": 1}\"}</tool_call>"),
            "||f({\"x\": 1})# ");
  EXPECT_EQ(parsed(Style::kHermes, "<tool_call>{\"name\": \"f\"}"), "||f({})# ");
  EXPECT_EQ(parsed(Style::kHermes, "<tool_call>{\"name\": \"f\", \"arguments\": null} then text"),
            " then text||f({})# ");
}

TEST(ToolCalls, AMarkerInsideAStringClosesNoCall) {
  EXPECT_EQ(
      parsed(Style::kHermes,
             "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"</tool_call><tool_call>\"}}"
             "</tool_call>"),
      "||f({\"a\": \"</tool_call><tool_call>\"})# ");
  EXPECT_EQ(parsed(Style::kHermes,
                   "<function=f><parameter=a></tool_call></function></parameter></function>"),
            "||f({\"a\": \"</tool_call></function>\"})# ");
}

TEST(ToolCalls, AStringMayBreakItsLines) {
  EXPECT_EQ(parsed(Style::kHermes,
                   "<tool_call>\n{\"name\": \"f\",\n \"arguments\": {\"a\": \"x\n\ty\r\x01\"}}"),
            "||f({\"a\": \"x\\n\\ty\\r\\u0001\"})# ");
  EXPECT_EQ(parsed(Style::kMistral, "[TOOL_CALLS]f[ARGS]{\"a\":\n\"x\ny\"}"),
            "||f({\"a\":\n\"x\\ny\"})# ");
  // What is no call stays as it was written.
  const std::string text = "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"x\ny\" oops";
  EXPECT_EQ(parsed(Style::kHermes, text), text + "||");
}

TEST(ToolCalls, TaggedXml) {
  ToolCallOptions options = options_of(Style::kHermes);
  options.tools = {
      {{"type", "function"},
       {"function",
        {{"name", "f"}, {"parameters", {{"properties", {{"zip", {{"type", "string"}}}}}}}}}}};
  EXPECT_EQ(shown(parse_message(
                "<tool_call>\n<function=f>\n<parameter=zip>\n08001\n</parameter>\n"
                "<parameter=n>\n3\n</parameter>\n<parameter=text>\na <b>\nc\n</parameter>\n"
                "</function>\n</tool_call>",
                options)),
            "||f({\"zip\": \"08001\", \"n\": 3, \"text\": \"a <b>\\nc\"})# ");
  EXPECT_EQ(parsed(Style::kHermes, "<function=f></function>"), "||f({})# ");
  const Json text_or_null = {{"anyOf", {{{"type", "string"}}, {{"type", "null"}}}}};
  options.tools[0]["function"]["parameters"]["properties"] = {{"zip", text_or_null},
                                                              {"now", {{"type", "boolean"}}}};
  EXPECT_EQ(shown(parse_message("<function=f>\n<parameter=zip>\n42\n</parameter>\n"
                                "<parameter=now>\nTrue\n</parameter>\n</function>",
                                options)),
            "||f({\"zip\": \"42\", \"now\": true})# ");
}

// Words without a mark: only where a tool has that name.
TEST(ToolCalls, Words) {
  ToolCallOptions options = options_of(Style::kLlama);
  options.tools = {{{"function", {{"name", "f"}}}}, {{"name", "g"}}};
  const auto read = [&](std::string_view text) { return shown(parse_message(text, options)); };
  EXPECT_EQ(read("{\"name\": \"f\", \"parameters\": {\"a\": 1}}"), "||f({\"a\": 1})# ");
  EXPECT_EQ(read("{\"type\": \"function\", \"function\": \"f\", \"parameters\": {}}"), "||f({})# ");
  for (const char* parted : {"; ", "\n", " \n\n", "", ";\n"}) {
    EXPECT_EQ(read(std::string("{\"name\": \"f\"}") + parted + "{\"name\": \"g\"}"),
              "||f({})# g({})# ");
  }
  EXPECT_EQ(read("[{\"name\": \"f\"}, {\"name\": \"g\"}]\nDone."), "\nDone.||f({})# g({})# ");
  EXPECT_EQ(read(" [f(a=1), g()] "), "||f({\"a\":1})# g({})# ");
  EXPECT_EQ(read("<think>hm</think>\n{\"name\": \"f\"}"), "|hm|f({})# ");
  for (const std::string text :
       {"{\"answer\": 42}", "Say {\"name\": \"f\"}", "{\"name\": \"h\"}", "[1, 2, 3]", "[f(x)]",
        "[h(a=1)]", "[see f]", "[{\"name\": \"Ann\"}]", "{\"name\": \"f\", \"age\": 3}", "[", "{",
        "{\"name\": {\"f\": 1}}", "{\"name\": \"f\", \"arguments\": {\"a\": \"cut",
        "{test1,test2}"}) {
    EXPECT_EQ(read(text), text + "||");
    ToolCallOptions without = options_of(Style::kLlama);
    EXPECT_EQ(shown(parse_message(text, without)), text + "||");
  }
  options.tools = Json();
  EXPECT_EQ(read("{\"name\": \"f\"}"), "{\"name\": \"f\"}||");
}

TEST(ToolCalls, Mistral) {
  EXPECT_EQ(parsed(Style::kMistral,
                   "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {}, \"id\": \"abcdefghi\"}, "
                   "{\"name\": \"g\", \"arguments\": {}}]"),
            "||f({})#abcdefghi g({})# ");
  EXPECT_EQ(parsed(Style::kMistral,
                   "[TOOL_CALLS][{\"id\": \"abcdefghi\", \"name\": \"f\", \"arguments\": {}}]"),
            "||f({})#abcdefghi ");
  EXPECT_EQ(parsed(Style::kMistral,
                   "ok[TOOL_CALLS]f[ARGS]{\"a\": {\"b\": 1}}[TOOL_CALLS]g[CALL_ID]x1[ARGS]{}"),
            "ok||f({\"a\": {\"b\": 1}})# g({})#x1 ");
  EXPECT_EQ(parsed(Style::kMistral, "[THINK]hm[/THINK]yes"), "yes|hm|");
}

TEST(ToolCalls, MarkedActionAndPython) {
  EXPECT_EQ(parsed(Style::kPhi,
                   "<|tool_call|>[{\"name\": \"f\", \"arguments\": {\"a\": 1}}]<|/tool_call|>"),
            "||f({\"a\": 1})# ");
  EXPECT_EQ(parsed(Style::kCommandR,
                   "<|START_ACTION|>[\n {\"tool_call_id\": \"0\", \"tool_name\": \"f\", "
                   "\"parameters\": {}}\n]<|END_ACTION|>"),
            "||f({})#0 ");
  EXPECT_EQ(parsed(Style::kPythonic,
                   "<|python_start|>[f(a=1, b='x\\'y', c=[True, None, {'k': 1.5}]), "
                   "g()]<|python_end|>"),
            "||f({\"a\":1,\"b\":\"x'y\",\"c\":[true,null,{\"k\":1.5}]})# g({})# ");
  EXPECT_EQ(parsed(Style::kPythonic, "[1, 2, 3]"), "[1, 2, 3]||");
  EXPECT_EQ(parsed(Style::kHermes, "<code>\nf(a=\"b\")\ng(n=-2)\n</code>"),
            "||f({\"a\":\"b\"})# g({\"n\":-2})# ");
  EXPECT_EQ(parsed(Style::kHermes, "Use <code>x = 1</code> here"), "Use <code>x = 1</code> here||");
}

TEST(ToolCalls, Reasoning) {
  EXPECT_EQ(parsed(Style::kNone, "<think>\nso, \n\n</think>\n\nYes"), "Yes|so,|");
  EXPECT_EQ(parsed(Style::kNone, "  <think>a </thin b</think>c"), "c|a </thin b|");
  EXPECT_EQ(parsed(Style::kCommandR, "<|START_THINKING|>hm<|END_THINKING|>ok"), "ok|hm|");
  EXPECT_EQ(parsed(Style::kNone, "<think>never ends"), "|never ends|");
  EXPECT_EQ(parsed(Style::kNone, "I <think> so"), "I <think> so||");
  EXPECT_EQ(
      parsed(Style::kHermes, "<think>\n\n</think>\n\n<tool_call>{\"name\": \"f\"}</tool_call>"),
      "||f({})# ");
  ToolCallOptions options;
  options.opens_in_reasoning = true;
  EXPECT_EQ(shown(parse_message("hm\n</think>\nok", options)), "ok|hm|");
  options.reasoning = false;
  EXPECT_EQ(shown(parse_message("<think>a</think>", options)), "<think>a</think>||");
  EXPECT_TRUE(prompt_opens_reasoning("<|im_start|>assistant\n<think>\n"));
  EXPECT_FALSE(prompt_opens_reasoning("<think>\n\n</think>\n\n"));
  EXPECT_FALSE(prompt_opens_reasoning("  "));
}

TEST(ToolCalls, WhatIsNoCallIsText) {
  for (const std::string text :
       {"<tool_call>{\"name\": }</tool_call>", "<tool_call>oops",
        "<tool_call>{\"name\": \"a b\"}</tool_call>",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1]}}</tool_call>", "a <tool_cal b",
        "<tool_call", "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"",
        "<function=f>\n<parameter=x>1",
        "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"\\ud800\"}}</tool_call>", "  ", "",
        "a \n"}) {
    EXPECT_EQ(parsed(Style::kHermes, text), text + "||");
  }
  // A broken call between good ones.
  EXPECT_EQ(parsed(Style::kHermes,
                   "<tool_call>{\"name\": \"f\"}</tool_call><tool_call>{oops}</tool_call>"
                   "<tool_call>{\"name\": \"g\"}</tool_call>"),
            "<tool_call>{oops}</tool_call>||f({})# g({})# ");
}

TEST(ToolCalls, ArgumentsArePassedOnWhileTheyCome) {
  ToolCallParser parser(options_of(Style::kHermes));
  EXPECT_TRUE(parser.push("<tool_call>{\"name\": \"find\"").empty());
  auto events = parser.push(", \"arguments\": {\"q\": \"ab");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, Kind::kCallBegin);
  EXPECT_EQ(events[0].name, "find");
  EXPECT_EQ(events[1].text, "{\"q\": \"ab");
  events = parser.push("c\"");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].text, "c\"");
  events = parser.push("}}");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].text, "}");
  EXPECT_EQ(events[1].kind, Kind::kCallEnd);
  EXPECT_TRUE(parser.push("</tool_call>").empty());
  EXPECT_TRUE(parser.finish().empty());
}

TEST(ToolCalls, ACallThatBreaksIsTakenBack) {
  ToolCallParser parser(options_of(Style::kHermes));
  EXPECT_EQ(parser.push("<tool_call>{\"name\": \"f\", \"arguments\": {").size(), 2u);
  const auto events = parser.push("oops");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].kind, Kind::kCallAbandoned);
  EXPECT_EQ(events[1].text, "<tool_call>{\"name\": \"f\", \"arguments\": {oops");
}

TEST(ToolCalls, TextIsWithheldOnlyWhileItMayBecomeACall) {
  ToolCallParser parser(options_of(Style::kHermes));
  EXPECT_EQ(parser.push("Hello <").at(0).text, "Hello ");
  EXPECT_TRUE(parser.push("tool").empty());
  EXPECT_EQ(parser.push("s>").at(0).text, "<tools>");
}

TEST(ToolCalls, HowTheTextIsCutDoesNotMatter) {
  const std::vector<std::string> pieces = {"<tool_call>",
                                           "</tool_call>",
                                           "{\"name\": \"f\", \"arguments\": {\"a\": [1, 2]}}",
                                           "<function=g>",
                                           "</function>",
                                           "<parameter=k>",
                                           "</parameter>",
                                           "\n",
                                           " ",
                                           "text",
                                           "<think>",
                                           "</think>",
                                           "[TOOL_CALLS]",
                                           "h[ARGS]{}",
                                           "[",
                                           "]",
                                           ",",
                                           "{",
                                           "}",
                                           "f(a=1)",
                                           "<code>",
                                           "</code>",
                                           "<|python_tag|>",
                                           "<|tool_call|>",
                                           "<|/tool_call|>",
                                           "<|START_ACTION|>",
                                           ";",
                                           "\"",
                                           "é",
                                           "{\"name\": \"f\"}",
                                           "```",
                                           "json",
                                           ">>>",
                                           "f\n",
                                           "all\n",
                                           "<arg_key>k</arg_key>",
                                           "<arg_value>",
                                           "</arg_value>",
                                           "<|channel|>",
                                           "analysis",
                                           "to=functions.f",
                                           "<|message|>",
                                           "<|end|>",
                                           "<｜tool▁call▁begin｜>",
                                           "<｜tool▁sep｜>",
                                           "<｜tool▁call▁end｜>"};
  EXPECT_TRUE(rc::check([&] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
    std::string text;
    for (const std::string& part : parts) text += part;
    ToolCallOptions options = options_of(static_cast<Style>(*rc::gen::inRange(0, 13)));
    options.reasoning = *rc::gen::arbitrary<bool>();
    options.tools = {{{"name", "f"}}};
    const std::string whole = shown(parse_message(text, options));
    ToolCallParser parser(options);
    std::string content, reasoning;
    const std::size_t step = *rc::gen::inRange(1, 9);
    for (std::size_t at = 0; at < text.size(); at += step) {
      for (const ToolEvent& event : parser.push(text.substr(at, step))) {
        if (event.kind == Kind::kText) content += event.text;
        if (event.kind == Kind::kReasoning) reasoning += event.text;
      }
    }
    for (const ToolEvent& event : parser.finish()) {
      if (event.kind == Kind::kText) content += event.text;
      if (event.kind == Kind::kReasoning) reasoning += event.text;
    }
    RC_ASSERT(whole.starts_with(content + "|" + reasoning + "|"));
  }));
}

TEST(JsonScanner, AcceptsWhatNlohmannAccepts) {
  const std::vector<std::string> pieces = {
      "{",    "}",  "[",   "]",   ",",  ":",  "\"a\"", "\"\\u00e9\\n\"",
      "1",    "-0", "0.5", "1e9", "01", "1.", "true",  "null",
      "fals", " ",  "\n",  "\"",  "\\", "-",  "2E-3"};
  EXPECT_TRUE(rc::check([&] {
    std::string text;
    for (const auto& part :
         *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces))) {
      text += part;
    }
    JsonScanner scanner;
    bool good = true;
    for (const char c : text + " ")
      good = good && scanner.feed(c);  // a number ends with what follows
    RC_ASSERT((good && scanner.state() == JsonScanner::State::kDone) == Json::accept(text));
  }));
}

TEST(PythonCalls, LiteralsBecomeJson) {
  const auto call =
      parse_python_call(R"(m.f(a=-1.5e3, b="""x"y""", c=('t',), d={'k': [1,],}, e=False,))");
  ASSERT_TRUE(call.has_value());
  EXPECT_EQ(call->name, "m.f");
  EXPECT_EQ(call->arguments, R"({"a":-1500.0,"b":"x\"y","c":["t"],"d":{"k":[1]},"e":false})");
  for (const char* bad :
       {"f(1)", "f(a=x)", "f(a=1", "f(a=1, a=2)", "1f()", "f(a='x)", "f() g()", "f(a=)", ""}) {
    EXPECT_FALSE(parse_python_call(bad).has_value()) << bad;
  }
  EXPECT_FALSE(parse_python_call("f(a=" + std::string(9999, '[')).has_value());
  EXPECT_EQ(parse_python_literal(" {'k': (1, None)} "), (Json{{"k", {1, nullptr}}}));
  EXPECT_FALSE(parse_python_literal("1 2").has_value());
  EXPECT_FALSE(parse_python_literal("x").has_value());
  EXPECT_FALSE(parse_python_literal("").has_value());
}

}  // namespace tool_calls_test
}  // namespace parley::text
