#include "prompt/jinja/template.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"

namespace parley::text::jinja {
namespace template_test {

using testing::HasSubstr;

std::string render(std::string_view source, const Json& variables = Json::object()) {
  const ManualClock clock(1'726'617'600'000);  // 2024-09-18, as the fixtures were recorded
  return Template(source, "t").render(variables, clock).text;
}

// The message of the error that rendering ends with; "none" where it does not.
std::string refusal(std::string_view source, const Json& variables = Json::object()) {
  try {
    Template(source, "t").render(variables);
  } catch (const Error& error) {
    return error.message();
  }
  return "none";
}

ErrorKind refusal_kind(std::string_view source) {
  Limits limits;
  limits.max_steps = 2'000'000;
  limits.max_memory_bytes = std::size_t{32} << 20;
  try {
    Template(source, "t", limits).render(Json::object());
  } catch (const Error& error) {
    return error.kind();
  }
  return ErrorKind::kInternal;
}

Json fixture(const std::string& name) {
  const std::string path = std::string(PARLEY_SOURCE_DIR) + "/tests/jinja/" + name;
  return parse_json(read_file(path), name, 200);
}

// Recorded from Python's Jinja2 by tests/jinja/reference.py --record.
TEST(JinjaTemplate, EqualsJinja2OnChatTemplates) {
  const Json conversations = fixture("conversations.json");
  const Json expected = fixture("expected.json");
  int compared = 0;
  for (const auto& [name, results] : expected.items()) {
    const std::string source =
        read_file(std::string(PARLEY_SOURCE_DIR) + "/tests/jinja/templates/" + name + ".jinja");
    for (const auto& [conversation, result] : results.items()) {
      SCOPED_TRACE(name + " with " + conversation);
      const Json& variables = conversations.at(conversation);
      if (result.contains("text")) {
        ASSERT_EQ(render(source, variables), result.at("text").get<std::string>());
      } else {
        ASSERT_NE(refusal(source, variables), "none");
      }
      ++compared;
    }
  }
  EXPECT_GT(compared, 200);
}

TEST(JinjaTemplate, EqualsJinja2OnExpressions) {
  for (const Json& item : fixture("expressions.json")) {
    const std::string source = item.at("template").get<std::string>();
    SCOPED_TRACE(source + " with " + to_text(item.at("variables")));
    if (item.contains("text")) {
      EXPECT_EQ(render(source, item.at("variables")), item.at("text").get<std::string>());
    } else {
      EXPECT_NE(refusal(source, item.at("variables")), "none");
    }
  }
}

TEST(JinjaTemplate, ControlsWhiteSpaceAsTransformersSetsIt) {
  EXPECT_EQ(render("a\n  {% if true %}\n  b\n  {% endif %}\nc\n"), "a\n  b\nc");
  EXPECT_EQ(render("a\n  {%+ if true %}b{% endif +%}\nc"), "a\n  b\nc");
  EXPECT_EQ(render("a  {{- 'b' -}}  \n c"), "abc");
  EXPECT_EQ(render("a\n  {# x #}\nb {#- y -#} c"), "a\nbc");
  EXPECT_EQ(render("{% raw %}{{ x }}{% endraw %}\n\nz"), "{{ x }}\nz");
  EXPECT_EQ(render("  {{ 1 }}\r\nx\ry\r\n"), "  1\nx\ny");
}

TEST(JinjaTemplate, ScopesAsJinjaDoes) {
  EXPECT_EQ(
      render(
          "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = 2 %}{{ x }}{% endfor %}{{ x }}"),
      "12121");
  EXPECT_EQ(render("{% set ns = namespace(a=1) %}{% for i in range(3) %}{% set ns.a = ns.a * 2 %}"
                   "{% endfor %}{{ ns.a }}"),
            "8");
  EXPECT_EQ(render("{% macro m() %}{{ x }}{% endmacro %}{% set x = 'late' %}{{ m() }}"), "late");
  EXPECT_EQ(render("{% for a, (b, c) in [(1, (2, 3))] %}{{ a + b + c }}{% else %}-{% endfor %}"),
            "6");
  EXPECT_EQ(render("{% for i in [1, 2, 3] if not ns %}{{ i }}{% else %}none{% endfor %}"), "123");
  EXPECT_EQ(
      render("{% set ns = namespace(stop=false) %}{% for i in range(9) if not ns.stop %}{{ i }}"
             "{% set ns.stop = i == 2 %}{% endfor %}"),
      "012");
}

TEST(JinjaTemplate, MarksGenerationBlocksInBytes) {
  const Rendered out =
      Template(
          "é{% generation %}über{% endgeneration %}-"
          "{% for i in [1, 2] %}{% generation %}{{ i }}{% endgeneration %};{% endfor %}",
          "t")
          .render(Json::object());
  EXPECT_EQ(out.text, "éüber-1;2;");
  ASSERT_EQ(out.generated.size(), 3u);
  EXPECT_EQ(out.text.substr(out.generated[0].begin, out.generated[0].end - out.generated[0].begin),
            "über");
  EXPECT_EQ(out.generated[1].begin, 8u);
  EXPECT_EQ(out.generated[2].end, 11u);
}

TEST(JinjaTemplate, ErrorsNameTheLine) {
  EXPECT_EQ(refusal("a\n{{ x.y }}"), "t:2: 'x' is undefined");
  EXPECT_EQ(refusal("a\n\n{% if %}"), "t:3: expected an expression, found '%}'");
  EXPECT_THAT(refusal("{% for x in y %}"), HasSubstr("expected {% else %}"));
  EXPECT_EQ(refusal("{{ raise_exception('Only\nusers') }}"), "t:1: Only\nusers");
  EXPECT_EQ(refusal("\n{{ 'a' | nothing }}"), "t:2: there is no filter 'nothing'");
  EXPECT_THAT(refusal("{% include 'x' %}"), HasSubstr("stands alone"));
  EXPECT_THAT(refusal("{{ 9223372036854775807 + 1 }}"), HasSubstr("64 bits"));
  EXPECT_THAT(refusal("{{ 1 / 0 }}"), HasSubstr("division by zero"));
  EXPECT_THAT(refusal("{% break %}"), HasSubstr("outside of a loop"));
  EXPECT_THAT(refusal("{{ 'a' }"), HasSubstr("closes no bracket"));
  EXPECT_THAT(refusal("{# a"), HasSubstr("comment"));
  EXPECT_THAT(refusal("\xff"), HasSubstr("UTF-8"));
  EXPECT_THAT(refusal("{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}"), HasSubstr("at most 1"));
}

TEST(JinjaTemplate, NothingCanBeChangedOrReached) {
  EXPECT_THAT(refusal("{{ [1].append(2) }}"), HasSubstr("may not be used"));
  EXPECT_THAT(refusal("{{ {'a': 1}.update({}) }}"), HasSubstr("may not be used"));
  EXPECT_EQ(render("{{ ''.__class__ }}{{ [].__init__ is defined }}"), "False");
  EXPECT_THAT(refusal("{{ ''.__class__.__mro__ }}"), HasSubstr("has no '__class__'"));
  EXPECT_THAT(refusal("{% set x = 1 %}{% set x.y = 2 %}"), HasSubstr("namespace()"));
}

TEST(JinjaTemplate, LimitsEndHostileTemplates) {
  const char* const hostile[] = {
      "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
      "{{ 'x' * 999999999999 }}",
      "{{ [0] * 999999999999 }}",
      "{{ range(10 ** 12) }}",
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
      "{% set ns = namespace(x='ab') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% "
      "endfor %}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% "
      "endfor %}{{ ns.x }}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor "
      "%}{{ ns.x }}",
      "{% set ns = namespace(x=[1]) %}{% for i in range(9999) %}{% set ns.x = [ns.x] %}{% endfor "
      "%}{{ ns.x == [ns.x] }}",
      "{{ '%999999999d' % 1 }}",
      "{{ '{:999999999}'.format(1) }}",
      "{{ '%.99999999f' % 1 }}",
      "{{ 'a'.center(99999999999) }}",
      "{{ 'a' | indent(99999999) }}",
      "{{ ('a' * 99999).replace('', 'b' * 99999) }}",
      "{% for i in range(99999) %}{{ 'x' * 99999 }}{% endfor %}",
      "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}",
      "{% set a = 'a' * 99999 %}{% for i in range(99999) %}{{ a.count('b') }}{% endfor %}",
      "{{ 2 ** 2 ** 99 }}",
  };
  for (const char* source : hostile) {
    SCOPED_TRACE(source);
    EXPECT_EQ(refusal_kind(source), ErrorKind::kLimit) << refusal(source);
  }
  std::string deep = "{{ ";
  deep += std::string(100'000, '(') + std::string(100'000, ')') + " }}";
  EXPECT_EQ(refusal_kind(deep), ErrorKind::kLimit);
  std::string chain = "{{ 1";
  for (int i = 0; i < 10'000; ++i) chain += "+1";
  EXPECT_EQ(refusal_kind(chain + " }}"), ErrorKind::kLimit);
  EXPECT_EQ(refusal_kind(std::string(2 << 20, 'x')), ErrorKind::kLimit);
  // A namespace that holds itself is no leak, and its text no endless one.
  EXPECT_EQ(refusal_kind("{% set n = namespace() %}{% set n.n = n %}{{ n }}"), ErrorKind::kLimit);
}

TEST(JinjaTemplate, OneTemplateServesManyThreads) {
  const Template shared("{% for i in range(50) %}{{ name | upper }}{{ i }} {% endfor %}", "t");
  const std::string expected = shared.render({{"name", "x"}}).text;
  std::vector<std::thread> threads;
  std::vector<int> equal(4, 0);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) equal[t] += shared.render({{"name", "x"}}).text == expected;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(equal, testing::Each(50));
}

TEST(JinjaTemplate, AnyTextIsATemplateOrRefused) {
  const std::vector<std::string> pieces = {
      "{{",     "}}",        "{%",     "%}",     "{#",      "#}",     "-",         "+",
      " ",      "\n",        "if",     "for",    "in",      "set",    "macro",     "endif",
      "endfor", "endmacro",  "else",   "x",      "'a'",     "\"",     "1",         "2.5",
      "(",      ")",         "[",      "]",      "{",       "}",      ",",         ":",
      ".",      "|",         "is",     "not",    "and",     "=",      "==",        "*",
      "**",     "%",         "raw",    "endraw", "loop",    "map",    "tojson",    "items",
      "range",  "namespace", "caller", "call",   "endcall", "filter", "endfilter", "é",
      "\\",     "None",      "true"};
  EXPECT_TRUE(rc::check([&] {
    const auto parts = *rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces));
    std::string source;
    for (const std::string& part : parts) source += part + " ";
    try {
      Template(source, "t").render({{"x", {1, "two", {{"k", nullptr}}}}});
    } catch (const Error&) {
    }
  }));
}

TEST(JinjaTemplate, PlainTextIsItself) {
  EXPECT_TRUE(rc::check([] {
    std::string text = *rc::gen::container<std::string>(rc::gen::inRange<char>(1, 127));
    std::erase_if(text, [](char c) { return c == '{' || c == '\r'; });
    while (text.ends_with('\n')) text.pop_back();
    RC_ASSERT(render(text) == text);
    RC_ASSERT(render("{{ x }}", {{"x", text}}) == text);
    RC_ASSERT(Json::parse(render("{{ x | tojson(true) }}", {{"x", text}})) == text);
  }));
}

TEST(JinjaTemplate, TellsTheTime) {
  EXPECT_EQ(
      render("{{ strftime_now('%Y-%m-%d %H:%M:%S %a %A %b %B %j %U %W %V %G %u %w %y %I %p "
             "%e|%-d|%%') }}"),
      "2024-09-18 00:00:00 Wed Wednesday Sep September 262 37 38 38 2024 3 3 24 12 AM 18|18|%");
}

}  // namespace template_test
}  // namespace parley::text::jinja
