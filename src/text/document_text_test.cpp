#include <gtest/gtest.h>

#include "text/html.hpp"
#include "text/language.hpp"
#include "text/markdown.hpp"

namespace parley::text {
namespace document_text_test {

TEST(HtmlToText, KeepsContentAndDropsTheRest) {
  const PlainText page = html_to_text(R"(<!DOCTYPE html><html><head><title>Help &amp; more</title>
    <style>p{color:red}</style><script>if (a < b) alert("<p>no</p>")</script></head>
    <body><nav><a href="/">Home</a></nav><h1>Playback</h1><!-- secret --><p>Press
    <b>Play</b>. 1 &lt; 2.</p><ul><li>One<li>Two</ul><table><tr><th>A<th>B<tr><td>1<td>2</table>
    <pre>x  = 1
y = 2</pre><footer>(c)</footer></body></html>)");
  EXPECT_EQ(page.title, "Help & more");
  EXPECT_EQ(page.text,
            "Playback\n\nPress Play. 1 < 2.\n\n- One\n- Two\n\nA | B\n1 | 2\n\n"
            "```\nx  = 1\ny = 2\n```");
}

TEST(HtmlToText, PrefersTheMainElement) {
  const PlainText page = html_to_text("<body>menu<main><h1>T</h1><p>text</main>bottom");
  EXPECT_EQ(page.title, "T");
  EXPECT_EQ(page.text, "T\n\ntext");
}

TEST(HtmlToText, SurvivesBrokenAndHostilePages) {
  EXPECT_EQ(html_to_text("<nav><p>never closed").text, "never closed");
  EXPECT_EQ(html_to_text("a < b <").text, "a < b <");
  EXPECT_EQ(html_to_text("<p title='a>b'>x").text, "x");
  EXPECT_EQ(html_to_text("<a href=\"unclosed>text").text, "text");
  EXPECT_EQ(html_to_text("<script>never closed").text, "");
  std::string deep;
  for (int i = 0; i < 500'000; ++i) deep += "<b><div>";
  EXPECT_EQ(html_to_text(deep + "x").text, "x");
}

TEST(MarkdownToText, KeepsStructureAndDropsMarkup) {
  const PlainText page = markdown_to_text(
      "---\ntitle: \"Token rules\"\nauthor: x\n---\n# Head *one*\n\nSome **bold** [link](http://x) "
      "&amp; "
      "`code`\ncontinued.\n\n- a\n- b\n  1. c\n  2. d\n\n| x | y |\n|---|---|\n| 1 | 2 "
      "|\n\n```js\nf(a,  b)\n```\n");
  EXPECT_EQ(page.title, "Token rules");
  EXPECT_EQ(
      page.text,
      "Head one\n\nSome bold link & code continued.\n\n- a\n- b\n  1. c\n  2. d\n\nx | y\n1 | 2\n\n"
      "```js\nf(a,  b)\n```");
}

TEST(MarkdownToText, TitleFromHeadingWithoutFrontMatter) {
  EXPECT_EQ(markdown_to_text("# A &amp; B\n\ntext").title, "A & B");
  EXPECT_EQ(markdown_to_text("no heading").title, "");
  EXPECT_EQ(markdown_to_text("+++\ntitle = 'T'\n+++\nx").title, "T");
  EXPECT_EQ(markdown_to_text("---\nnever: closed\n").title, "");
}

TEST(MarkdownToText, HtmlBlocksAreConverted) {
  EXPECT_EQ(
      markdown_to_text("a\n\n<!-- no\nno -->\n\n<div>\n<b>yes</b>\n</div>\n\nb <b>c</b>").text,
      "a\n\nyes\n\nb c");
}

TEST(DetectLanguage, TellsCommonLanguages) {
  EXPECT_EQ(detect_language("I would like to watch a good movie tonight with my family."), "en");
  EXPECT_EQ(detect_language("Ich möchte heute Abend einen guten Film mit meiner Familie sehen."),
            "de");
  EXPECT_EQ(detect_language("ok"), "?");
  EXPECT_EQ(language_name("de"), "German");
}

}  // namespace document_text_test
}  // namespace parley::text
