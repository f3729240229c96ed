#include "text/clean.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "text/utf8.hpp"

namespace parley::text {
namespace clean_test {

// Strings built from what cleaning cares about, so that random tests reach its corners.
rc::Gen<std::string> awkward_text() {
  const std::vector<std::string> pieces = {
      "a",      "B",          " ",       "  ",           "\t",     "\n",     "\r\n",
      "\r",     "&",          "&amp;",   "amp;",         "&#97;",  "&#x26;", "&lt;",
      "&#59;",  "&#894;",     "&nbsp;",  "&#769;",       "`",      "&#96;",  "&nGt;",
      ";",      "#",          "```",     "```\n",        "\x01",   "\x7f",   "\u00a0",
      "\u200b", "\u00ad",     "e\u0301", "\u0301",       "\u037e", "\u212a", "\ufeff",
      "\u2028", "\U0001F600", "\u0958",  "\u1100\u1161", "\xff",   "\xc3",   "\xed\xa0\x80",
      "日本",   "\u3000",     "<",       "\u0338",       "\u202e"};
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(rc::gen::elementOf(pieces)),
                      [](const std::vector<std::string>& parts) {
                        std::string text;
                        for (const auto& part : parts) text += part;
                        return text;
                      });
}

void expect_clean(const std::string& text) {
  for (const bool entities : {true, false}) {
    const std::string once = clean_text(text, {entities});
    RC_ASSERT(is_valid_utf8(once));
    RC_ASSERT(is_nfc(once));
    RC_ASSERT(clean_text(once, {entities}) == once);
    for (const char c : once) {
      RC_ASSERT(c == '\n' || c == '\t' || static_cast<unsigned char>(c) >= 0x20);
    }
    RC_ASSERT(once.find(" \n") == std::string::npos);
    RC_ASSERT(once.find("\n\n\n") == std::string::npos);
  }
}

TEST(CleanText, IsIdempotentAndNormal) {
  EXPECT_TRUE(rc::check([] { expect_clean(*awkward_text()); }));
}

TEST(CleanText, IsIdempotentAndNormalOnAnyBytes) {
  EXPECT_TRUE(rc::check([](const std::string& bytes) { expect_clean(bytes); }));
}

TEST(CleanText, LeavesTidyTextAlone) {
  CleanChanges changes;
  EXPECT_EQ(clean_text("Ok, play \"Up\" at 8:30!\nThanks <3", {}, &changes),
            "Ok, play \"Up\" at 8:30!\nThanks <3");
  EXPECT_FALSE(changes.any());
}

TEST(CleanText, DecodesEntitiesEvenWhenEscapedTwice) {
  EXPECT_EQ(clean_text("Tom &amp; Jerry &#39;live&#39;"), "Tom & Jerry 'live'");
  EXPECT_EQ(clean_text("a &amp;lt; b"), "a < b");
  EXPECT_EQ(clean_text("&&#97;mp;"), "&");
  EXPECT_EQ(clean_text("caf&eacute;"), "café");
  EXPECT_EQ(clean_text("cafe&#769;"), "café");
  EXPECT_EQ(clean_text("AT&T; R&D &nosuch; &#0; &#xD800;"), "AT&T; R&D &nosuch; &#0; &#xD800;");
  EXPECT_EQ(clean_text("&amp;", {false}), "&amp;");
  EXPECT_EQ(clean_text("x&#7;y"), "xy");
  EXPECT_EQ(clean_text("9 &#150; 17 &NotEqualTilde; &ltx; &amp"), "9 – 17 \u2242\u0338 &ltx; &amp");
}

TEST(CleanText, LeavesEntitiesInCodeAlone) {
  EXPECT_EQ(clean_text("Write `&lt;` for &lt;, and ``&amp;`lt;`` for `&lt;`."),
            "Write `&lt;` for <, and ``&amp;`lt;`` for `&lt;`.");
  EXPECT_EQ(clean_text("&lt;\n```html\n&lt;p>\n\n&amp;\n```\n&lt;"),
            "<\n```html\n&lt;p>\n\n&amp;\n```\n<");
  EXPECT_EQ(clean_text("~~~\n&lt;\n```\n&lt;"), "~~~\n&lt;\n```\n&lt;");
  // A backtick on its own opens nothing, and none reaches into the next paragraph.
  EXPECT_EQ(clean_text("it`s &lt;\n\nit`s &lt;"), "it`s <\n\nit`s <");
}

TEST(CleanText, CodeThatEntitiesMakeAndUnmakeComesToAnEnd) {
  std::string text;
  for (int i = 0; i < 2'000; ++i) text += "`&#96;&amp;#96;";
  const std::string once = clean_text(text);
  EXPECT_EQ(clean_text(once), once);
}

TEST(CleanText, NestedEntitiesTakeLinearTime) {
  std::string text = "&";
  for (int i = 0; i < 200'000; ++i) text += "amp;";
  EXPECT_EQ(clean_text(text), "&");
}

TEST(CleanText, NormalisesToNfc) {
  EXPECT_EQ(clean_text("cafe\u0301"), "caf\u00e9");
  EXPECT_EQ(clean_text("\u1112\u1161\u11ab"), "\ud55c");
}

TEST(CleanText, RemovesControlsAndInvisibleCharacters) {
  EXPECT_EQ(clean_text("\ufeffa\x01"
                       "b\u200b\u00ad\u202ec\x7f"),
            "abc");
  EXPECT_EQ(clean_text("👩\u200d🚀"), "👩\u200d🚀");  // the joiner inside an emoji stays
}

TEST(CleanText, TidiesSpace) {
  EXPECT_EQ(clean_text("  a \t b\u00a0c  \r\n\r\n\r\n\r\nd\u2028e \n"), "a b c\n\nd\ne");
  EXPECT_EQ(clean_text("list:\n  - x   y"), "list:\n  - x y");
  EXPECT_EQ(clean_text("```\na   b\n```\nc   d"), "```\na   b\n```\nc d");
  EXPECT_EQ(clean_text(" \n\t \n"), "");
}

TEST(CleanText, ReportsWhatItChanged) {
  CleanChanges changes;
  clean_text("a\xff", {}, &changes);
  EXPECT_TRUE(changes.bytes);
  changes = {};
  clean_text("e\u0301", {}, &changes);
  EXPECT_TRUE(changes.nfc);
  EXPECT_FALSE(changes.bytes || changes.entities || changes.characters || changes.space);
}

TEST(Utf8, RepairsIllFormedSequences) {
  std::size_t replaced = 0;
  // Overlong, surrogate, truncated at the end: U+FFFD per maximal subpart.
  EXPECT_EQ(repair_utf8("a\xC0\xAF"
                        "b\xE2\x82",
                        &replaced),
            "a\uFFFD\uFFFDb\uFFFD");
  EXPECT_EQ(replaced, 3u);
  EXPECT_EQ(find_invalid_utf8("12345678\xff"), 8u);
  EXPECT_EQ(count_code_points("añ😀"), 3u);
  EXPECT_EQ(utf8_prefix("añb", 2), "a");
  EXPECT_EQ(first_code_points("añb", 2), "añ");
  EXPECT_EQ(first_code_points("añb", 9), "añb");
}

TEST(Utf8, DecodesWhatItEncodes) {
  EXPECT_TRUE(rc::check([] {
    const auto value = *rc::gen::inRange<std::uint32_t>(0, 0x110000);
    std::string out;
    append_code_point(out, value);
    const CodePoint c = decode_code_point(out, 0);
    RC_ASSERT(c.valid);
    RC_ASSERT(c.length == out.size());
    RC_ASSERT(c.value == (value >= 0xD800 && value <= 0xDFFF ? kReplacementCharacter : value));
  }));
}

}  // namespace clean_test
}  // namespace parley::text
