#include "chat/message_text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"

namespace parley::chat {
namespace message_text_test {

TEST(CleanMessage, KeepsTextAndDropsWhatNobodySees) {
  EXPECT_EQ(clean_message("  a\r\nb\rc\t\n", "text"), "a\nb\nc");
  EXPECT_EQ(clean_message("x\x01y\x7f\0z", "text"), "xy");
  EXPECT_EQ(clean_message(std::string_view("x\0z", 3), "text"), "xz");
  EXPECT_EQ(clean_message("\xEF\xBB\xBFh\xE2\x80\xAEi 🎬", "text"), "hi 🎬");
}

TEST(CleanMessage, NamesTheFieldAndTheByte) {
  try {
    clean_message("ab\xC3(", "messages[1].content");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "messages[1].content: not valid UTF-8 at byte 2");
  }
  EXPECT_THROW(clean_message("\x01", "text"), Error);
}

// Any valid UTF-8 that begins with a visible character.
std::string utf8(const std::vector<std::uint16_t>& units) {
  std::string out = "a";
  for (const std::uint16_t unit : units) {
    if (unit < 0x80) {
      out += static_cast<char>(unit);
    } else if (unit < 0x800) {
      out += static_cast<char>(0xC0 | (unit >> 6));
      out += static_cast<char>(0x80 | (unit & 63));
    } else if (unit < 0xD800 || unit > 0xDFFF) {
      out += static_cast<char>(0xE0 | (unit >> 12));
      out += static_cast<char>(0x80 | ((unit >> 6) & 63));
      out += static_cast<char>(0x80 | (unit & 63));
    }
  }
  return out;
}

RC_GTEST_PROP(CleanMessage, CleaningTwiceChangesNothing,
              (const std::vector<std::uint16_t>& units)) {
  const std::string once = clean_message(utf8(units), "text");
  RC_ASSERT(clean_message(once, "text") == once);
  make_title(once);
}

RC_GTEST_PROP(CleanMessage, AnyBytesAreCleanedOrRefused, (const std::string& bytes)) {
  try {
    RC_ASSERT(!clean_message(bytes, "text").empty());
  } catch (const Error& error) {
    RC_ASSERT(error.kind() == ErrorKind::kInvalidInput);
  }
}

TEST(MakeTitle, TakesTheFirstWords) {
  EXPECT_EQ(make_title("What shall\n I watch?"), "What shall I watch?");
  EXPECT_EQ(make_title("I would like a film about the sea that my grandmother and I can watch"),
            "I would like a film about the sea that my…");
  EXPECT_EQ(make_title(std::string(60, 'x')), std::string(48, 'x') + "…");
  EXPECT_EQ(make_title("é" + std::string(46, 'x') + "é"), "é" + std::string(46, 'x') + "é");
  EXPECT_EQ(make_title(""), "");
}

}  // namespace message_text_test
}  // namespace parley::chat
