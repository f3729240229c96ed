#include <gtest/gtest.h>

#include "base/error.hpp"
#include "text/html.hpp"
#include "text/html_charset.hpp"
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

TEST(HtmlToText, KeepsWordsApart) {
  EXPECT_EQ(html_to_text("<h1>foo<br>bar</h1>a<br/>b<hr>c").title, "foo bar");
  EXPECT_EQ(html_to_text("a<br/>b<hr>c<b><div>d</div></b>e").text, "a\nb\n\nc\nd\ne");
  EXPECT_EQ(html_to_text("super<wbr>cali").text, "supercali");
  EXPECT_EQ(html_to_text("<dl><dt>A</dt><dd>1</dd><dt>B</dt><dd>2</dd></dl>").text, "A\n1\nB\n2");
  EXPECT_EQ(html_to_text("<p>say <q>hi</q>").text, "say \"hi\"");
}

TEST(HtmlToText, TableCellsStayInTheirRow) {
  EXPECT_EQ(html_to_text("<table><tr><td><p>a</p><p>b</p></td><td><ul><li>c<li>d</ul></td></tr>"
                         "<tr><td>e<br>f<td><div>g</div></table>h")
                .text,
            "a / b | c / d\ne / f | g\n\nh");
  // What only lays out a page has no cells.
  EXPECT_EQ(html_to_text("<table><tr><td><h2>T</h2><p>a</p><p>b</p></td></tr></table>").text,
            "T\n\na\n\nb");
}

TEST(HtmlToText, ListsKeepNumbersAndNesting) {
  EXPECT_EQ(
      html_to_text("<ol start=5><li><p>a</p><li>b<ul><li><div>c</div></ul><li value=9>d</ol>e")
          .text,
      "5. a\n6. b\n  - c\n9. d\n\ne");
}

TEST(HtmlToText, RaisedAndLoweredTextStaysApart) {
  const auto text = [](const std::string& html) { return html_to_text("<p>" + html).text; };
  EXPECT_EQ(text("10<sup>6</sup> litres of H<sub>2</sub>O"), "10⁶ litres of H₂O");
  EXPECT_EQ(text("2<sup>k</sup>, x<sub>a,b</sub>, e<sup>-n</sup>"), "2^k, x_(a,b), e⁻ⁿ");
  EXPECT_EQ(text("the 1<sup>st</sup>, Acme<sup>®</sup>"), "the 1st, Acme®");
  EXPECT_EQ(html_to_text("<h1>10<sup>6</sup></h1>").title, "10⁶");
}

TEST(HtmlToText, DecodesReferencesAsTheStandardDoes) {
  EXPECT_EQ(
      html_to_text("&copy 9&#150;17 &notin; &notit; &#0; &#xD800; AT&T &nosuch; &lt;b&gt;").text,
      "© 9–17 ∉ ¬it; \uFFFD \uFFFD AT&T &nosuch; <b>");
}

TEST(DecodePage, ReadsTheCharacterSetThatIsDeclared) {
  std::size_t replaced = 0;
  const auto decode = [&](const std::string& page) { return decode_page(page, &replaced); };
  EXPECT_EQ(decode("<meta charset=windows-1252>\xE9 \x92 \x80"),
            "<meta charset=windows-1252>é ’ €");
  EXPECT_EQ(
      decode("<META content='text/html; charset=\"ISO-8859-1\"' http-equiv=Content-Type>\x80"),
      "<META content='text/html; charset=\"ISO-8859-1\"' http-equiv=Content-Type>€");
  EXPECT_EQ(decode("<?xml version='1.0' encoding='koi8-r'?>\xD0").substr(39), "п");
  EXPECT_EQ(replaced, 0u);
  // UTF-8 is seen whatever the page says; a declaration in a comment is none.
  EXPECT_EQ(decode("<meta charset=latin1>é"), "<meta charset=latin1>é");
  EXPECT_EQ(decode("<!-- <meta charset=latin1> -->\xE9"), "<!-- <meta charset=latin1> -->\uFFFD");
  EXPECT_EQ(replaced, 1u);
  EXPECT_THROW(decode("<meta charset=klingon>\xE9"), Error);
}

TEST(MarkdownToText, KeepsWordsApart) {
  const PlainText page = markdown_to_text(
      "# Shipping<br>times\n\n| Zone | Days |\n|---|---|\n| Europe<br>Turkey | 2 to 4<br/>5 to 7 "
      "|\n\n"
      "Daily<br>except on Sundays. 10<sup>6</sup> &notin; `&lt;`\n\n- [x] done\n- [ ] open\n");
  EXPECT_EQ(page.title, "Shipping times");
  EXPECT_EQ(page.text,
            "Shipping times\n\nZone | Days\nEurope / Turkey | 2 to 4 / 5 to 7\n\n"
            "Daily\nexcept on Sundays. 10⁶ ∉ &lt;\n\n- [x] done\n- [ ] open");
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
