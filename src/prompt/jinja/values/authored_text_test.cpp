// Who wrote which part of a rendered prompt.
#include "prompt/jinja/values/authored_text.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "prompt/jinja/template.hpp"

namespace parley::text::jinja {
namespace authored_text_test {

// The output with a letter for the author before each stretch: T, A, O.
std::string authors(std::string_view source) {
  const Json user = "u<v w>", said = "said", role = "user";
  const Json list = {"one", "two"};
  const Json tool = {{"name", "f"}, {"size", 3}};
  const Rendered out = Template(source, "t")
                           .render({{"user", &user},
                                    {"said", &said, Author::kAssistant},
                                    {"role", &role, Author::kTemplate},
                                    {"list", &list},
                                    {"tool", &tool}});
  EXPECT_EQ(out.text.size(), out.authors.size());
  std::string shown;
  for (std::size_t i = 0; i < out.text.size(); ++i) {
    if (i == 0 || out.authors[i] != out.authors[i - 1])
      shown += std::string("|") + "TAO"[static_cast<int>(out.authors[i])] + ":";
    shown += out.text[i];
  }
  return shown;
}

TEST(AuthoredText, IsKeptWhereTextsAreJoined) {
  EXPECT_EQ(authors("<{{ user }}>"), "|T:<|O:u<v w>|T:>");
  EXPECT_EQ(authors("{{ '<|' ~ role ~ '|>' ~ user ~ said ~ 7 ~ true }}"),
            "|T:<|user|>|O:u<v w>|A:said|T:7True");
  EXPECT_EQ(authors("{{ '<' + said + '>' }}"), "|T:<|A:said|T:>");
  EXPECT_EQ(authors("{{ ['a', user, 'b'] | join('-') }}"), "|T:a-|O:u<v w>|T:-b");
  EXPECT_EQ(authors("{{ said.join(list) }}"), "|O:one|A:said|O:two");
  EXPECT_EQ(authors("{{ '<%s|%5s|%%>' % (user, said) }}"), "|T:<|O:u<v w>|T:||A: said|T:|%>");
  EXPECT_EQ(authors("{{ '<%s>' | format(said) }}"), "|T:<|A:said|T:>");
  EXPECT_EQ(authors("{{ '<{}|{x:>5}|{{>'.format(user, x=said) }}"),
            "|T:<|O:u<v w>|T:||A: said|T:|{>");
  EXPECT_EQ(authors("{{ user % 1 if false else ('<' ~ user ~ '>') * 2 }}"),
            "|T:<|O:u<v w>|T:><|O:u<v w>|T:>");
  EXPECT_EQ(authors("{{ '<X>'.replace('X', user) }}{{ user.replace('v', '<eos>') }}"),
            "|T:<|O:u<v w>|T:>|O:u<|T:<eos>|O: w>");
  EXPECT_EQ(authors("{{ '<X>' | replace('', said) }}"), "|A:said|T:<|A:said|T:X|A:said|T:>|A:said");
  EXPECT_EQ(authors("{% set b = joiner(user) %}{{ b() }}{{ b() }}"), "|O:u<v w>");
}

TEST(AuthoredText, IsKeptWhereTextsAreCut) {
  const std::string set = "{% set x = ' <' ~ user ~ '> ' %}";
  EXPECT_EQ(authors(set + "{{ x | trim }}"), "|T:<|O:u<v w>|T:>");
  EXPECT_EQ(authors(set + "{{ x.strip(' <>') }}"), "|O:u<v w");
  EXPECT_EQ(authors(set + "{{ x[1:4] }}{{ x[-2] }}"), "|T:<|O:u<|T:>");
  EXPECT_EQ(authors(set + "{{ x.split('v') | join('V') }}"), "|T: <|O:u<|T:V|O: w>|T:> ");
  EXPECT_EQ(authors(set + "{{ x.partition('u<')[0] }}{{ x.partition('u<')[1] }}"), "|T: <|O:u<");
  EXPECT_EQ(authors(set + "{% for c in x %}{{ c }}{% endfor %}"), "|T: <|O:u<v w>|T:> ");
  EXPECT_EQ(authors(set + "{{ x.removeprefix(' <') }}"), "|O:u<v w>|T:> ");
  EXPECT_EQ(authors(set + "{{ x.splitlines()[0] }}"), "|T: <|O:u<v w>|T:> ");
  EXPECT_EQ(authors("{{ (said ~ '\n' ~ user) | indent(2, true) }}"),
            "|T:  |A:said|T:\n  |O:u<v w>");
  EXPECT_EQ(authors("{{ ('a b' ~ user) | truncate(6, true, '..', 0) }}"), "|T:a b|O:u|T:..");
  EXPECT_EQ(authors("{{ said | center(6) }}{{ said.ljust(6, '.') }}"),
            "|T: |A:said|T: |A:said|T:..");
  EXPECT_EQ(authors("{{ '-1'.zfill(4) }}{{ (user ~ '')[0] | string }}"), "|T:-001|O:u");
}

TEST(AuthoredText, IsKeptThroughMacrosAndBlocks) {
  EXPECT_EQ(authors("{% macro m(x) %}<{{ x }}>{% endmacro %}{{ m(user) }}{{ m('') }}"),
            "|T:<|O:u<v w>|T:><>");
  EXPECT_EQ(authors("{% set x %}<{{ said }}>{% endset %}{{ x ~ user }}"),
            "|T:<|A:said|T:>|O:u<v w>");
  EXPECT_EQ(authors("{% filter trim %} <{{ user }}> {% endfilter %}"), "|T:<|O:u<v w>|T:>");
  EXPECT_EQ(
      authors("{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}{{ user }}{% endcall %}"),
      "|T:[|O:u<v w>|T:]");
  EXPECT_EQ(authors("{% for x in [[user]] recursive %}({{ loop(x) if x is not string else x }})"
                    "{% endfor %}"),
            "|T:((|O:u<v w>|T:))");
  EXPECT_EQ(authors("{% set ns = namespace(x='<') %}{% for i in [1] %}{% set ns.x = ns.x ~ user %}"
                    "{% endfor %}{{ ns.x }}"),
            "|T:<|O:u<v w>");
}

// Changed as a whole: the least rights of all that went in.
TEST(AuthoredText, HasTheLeastRightsWhereItIsChangedAsAWhole) {
  EXPECT_EQ(authors("{{ role | upper }}{{ said.upper() }}{{ user | title }}"),
            "|T:USER|A:SAID|O:U<V W>");
  EXPECT_EQ(authors("{{ ('<' ~ said) | upper }}"), "|A:<SAID");
  EXPECT_EQ(authors("{{ ('<' ~ said ~ user) | lower }}"), "|O:<saidu<v w>");
  EXPECT_EQ(authors("{{ ('<' ~ user)[::-1] }}{{ ('<' ~ user) | reverse }}"), "|O:>w v<u<>w v<u<");
  EXPECT_EQ(authors("{{ tool | tojson }}{{ tool.size }}{{ list }}"),
            "|O:{\"name\": \"f\", \"size\": 3}|T:3|O:['one', 'two']");
  EXPECT_EQ(authors("{{ user | escape }}{{ '<' | e }}"), "|O:u&lt;v w&gt;|T:&lt;");
  EXPECT_EQ(authors("{% for k in tool %}{{ k }}{% endfor %}"), "|O:namesize");
  EXPECT_EQ(authors("{{ '%r' % user }}{{ '{!r}'.format('a') }}"), "|O:'u<v w>'|T:'a'");
}

// Of all templates and conversations: what was given is never taken for the template's words.
TEST(AuthoredText, NothingThatWasGivenBecomesTheTemplates) {
  const std::string folder = std::string(PARLEY_SOURCE_DIR) + "/tests/jinja/";
  const Json conversations =
      parse_json(read_file(folder + "conversations.json"), "conversations", 200);
  const std::string mark = "\xEE\x80\x80";  // a private-use character for each given word
  const auto hide = [&](auto&& self, Json& value) -> void {
    if (value.is_string()) value = mark + " " + mark;
    if (!value.is_structured()) return;
    for (auto& [key, item] : value.items()) {
      const bool switches = key == "role" || key == "type";
      if (!switches || !item.is_string()) self(self, item);
    }
  };
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "templates")) {
    const Template parsed(read_file(entry.path()), entry.path().filename().string());
    for (const auto& [name, given] : conversations.items()) {
      Json variables = given;
      for (const char* part : {"messages", "tools", "documents"}) {
        if (variables.contains(part)) hide(hide, variables[part]);
      }
      Rendered out;
      try {
        out = parsed.render(variables);
      } catch (const Error&) {
        continue;  // a template that takes no such conversation
      }
      for (std::size_t at = out.text.find(mark); at != std::string::npos;
           at = out.text.find(mark, at + 1)) {
        ++seen;
        ASSERT_EQ(out.authors.substr(at, 3), std::string(3, static_cast<char>(Author::kOther)))
            << entry.path() << " with " << name << " at " << at;
      }
    }
  }
  EXPECT_GT(seen, 1000u);
}

}  // namespace authored_text_test
}  // namespace parley::text::jinja
