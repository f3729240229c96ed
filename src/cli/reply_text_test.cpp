#include "cli/reply_text.hpp"

#include <gtest/gtest.h>

#include "message/plain_text.hpp"

namespace parley::cli {
namespace reply_text_test {

using message::PartBegins;
using message::PartEvents;
using message::PartGrows;

const PartEvents kReply = {PartBegins{0, message::ReasoningPart{"h"}},
                           PartGrows{0, "m"},
                           PartBegins{1, message::TextPart{"Hel"}},
                           PartGrows{1, "lo"},
                           PartBegins{2, message::ToolCallPart{"c", "find", ""}},
                           PartGrows{2, "{}"},
                           PartBegins{3, message::NoticePart{"n", "Left out."}},
                           PartBegins{4, message::TextPart{"Bye"}}};

std::string shown(ReplyText text, bool one_by_one) {
  if (!one_by_one) return text.add(kReply);
  std::string out;
  for (const auto& event : kReply) out += text.add({event});
  return out;
}

TEST(ReplyText, APipeGetsThePlainText) {
  message::Parts parts;
  for (const auto& event : kReply) message::apply_event(event, parts);
  EXPECT_EQ(shown(ReplyText(Style{}, false), true), message::plain_text(parts));
  EXPECT_EQ(shown(ReplyText(Style{}, false), false), "Hello\n\nBye");
}

TEST(ReplyText, ATerminalShowsTheRestBesideIt) {
  Style style;
  style.dim = "(";
  style.off = ")";
  EXPECT_EQ(shown(ReplyText(style, true), true),
            "(h)(m)\n\nHello\n\n(→ find )({})\n\n(Left out.)\n\nBye");
  EXPECT_EQ(shown(ReplyText(style, true), false), shown(ReplyText(style, true), true));
}

}  // namespace reply_text_test
}  // namespace parley::cli
