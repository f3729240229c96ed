#include "chat/outlet.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "message/plain_text.hpp"

namespace parley::chat {
namespace outlet_test {

using message::NoticePart;
using message::PartBegins;
using message::PartEvents;
using message::PartGrows;
using message::Parts;
using message::PartWithdrawn;
using message::ReasoningPart;
using message::TextPart;
using message::ToolCallPart;

// Lets words through but for `forbidden`, which becomes "[…]"; sentences that say "hush" not at
// all.
class Censor : public Gate {
 public:
  std::string pass(const message::Part&, const std::string& text) override {
    asked.push_back(text);
    if (text.find("hush") != std::string::npos) return "";
    std::string out = text;
    for (std::size_t at = out.find("secret"); at != std::string::npos; at = out.find("secret"))
      out.replace(at, 6, "[…]");
    return out;
  }
  std::vector<std::string> asked;
};

struct Heard {
  explicit Heard(Outlet& outlet) {
    outlet.listen([this](const PartEvents& events) {
      ++calls;
      for (const auto& event : events) message::apply_event(event, parts);
    });
  }
  Parts parts;
  int calls = 0;
};

TEST(Outlet, WithoutAGateNothingIsDelayed) {
  Outlet outlet;
  const Heard heard(outlet), second(outlet);
  outlet.say({PartBegins{0, TextPart{"Hel"}}});
  EXPECT_EQ(heard.parts, Parts{TextPart{"Hel"}});
  outlet.say({PartGrows{0, "lo"}, PartBegins{1, ToolCallPart{"c", "f", ""}}});
  outlet.say({});
  outlet.close();
  EXPECT_EQ(heard.parts, (Parts{TextPart{"Hello"}, ToolCallPart{"c", "f", ""}}));
  EXPECT_EQ(second.parts, heard.parts);
  EXPECT_EQ(outlet.parts(), heard.parts);
  EXPECT_EQ(heard.calls, 2);
}

TEST(Outlet, AGateHearsSentencesBeforeAnybodyElse) {
  Outlet outlet;
  const auto censor = std::make_shared<Censor>();
  outlet.set_gate(censor);
  const Heard heard(outlet);
  outlet.say({PartBegins{0, TextPart{"My sec"}}});
  outlet.say({PartGrows{0, "ret. "}});
  EXPECT_TRUE(heard.parts.empty());
  outlet.say({PartGrows{0, "It is"}});
  EXPECT_EQ(heard.parts, Parts{TextPart{"My […]. "}});
  outlet.say({PartGrows{0, " mine."}});
  outlet.close();
  EXPECT_EQ(heard.parts, Parts{TextPart{"My […]. It is mine."}});
  EXPECT_EQ(censor->asked, (std::vector<std::string>{"My secret. ", "It is mine."}));
}

TEST(Outlet, WhatAGateKeepsBackLeavesNoEmptyPart) {
  Outlet outlet;
  outlet.set_gate(std::make_shared<Censor>());
  const Heard heard(outlet);
  outlet.say({PartBegins{0, ReasoningPart{"hush, a secret"}}, PartBegins{1, TextPart{"Hi. "}},
              PartBegins{2, NoticePart{"n", "hush"}}, PartBegins{3, TextPart{"By"}},
              PartGrows{3, "e"}});
  outlet.close();
  EXPECT_EQ(heard.parts, (Parts{TextPart{"Hi. "}, NoticePart{"n", "hush"}, TextPart{"Bye"}}));
}

TEST(Outlet, ACallThatIsTakenBackGoesOnAsText) {
  Outlet outlet;
  outlet.set_gate(std::make_shared<Censor>());
  const Heard heard(outlet);
  outlet.say({PartBegins{0, TextPart{"So "}}, PartBegins{1, ToolCallPart{"c", "f", ""}},
              PartGrows{1, "{"}, PartWithdrawn{1}, PartGrows{0, "<call> secret"}});
  outlet.close();
  EXPECT_EQ(heard.parts, Parts{TextPart{"So <call> […]"}});
}

// A gate that changes nothing changes nothing, however the words are cut.
TEST(Outlet, SentencesAddUpToTheMessage) {
  struct Open : Gate {
    std::string pass(const message::Part&, const std::string& text) override { return text; }
  };
  EXPECT_TRUE(rc::check([] {
    Outlet outlet;
    outlet.set_gate(std::make_shared<Open>());
    const Heard heard(outlet);
    Parts said;
    for (int steps = *rc::gen::inRange(0, 20); steps > 0; --steps) {
      const auto word = *rc::gen::element<std::string>("One. ", "two", "!", "\n", " é", "? Y");
      const std::size_t next = said.size();
      PartEvents events;
      switch (*rc::gen::inRange(0, 4)) {
        case 0:
          events = {PartBegins{next, TextPart{word}}};
          break;
        case 1:
          events = {PartBegins{next, ReasoningPart{word}}};
          break;
        case 2:
          events = {PartBegins{next, ToolCallPart{"c", "f", word}}};
          break;
        default:
          if (next > 0) events = {PartGrows{next - 1, word}};
      }
      for (const auto& event : events) message::apply_event(event, said);
      outlet.say(events);
    }
    outlet.close();
    RC_ASSERT(heard.parts == said);
    RC_ASSERT(outlet.parts() == said);
  }));
}

TEST(Outlet, WhatTheServiceSaysComesBeforeTheReplyAndPassesNoGate) {
  for (const bool gated : {false, true}) {
    Outlet outlet;
    if (gated) outlet.set_gate(std::make_shared<Censor>());
    const Heard heard(outlet);
    outlet.put(NoticePart{"left_out", "A secret."});
    outlet.put(NoticePart{"again", "Another."});
    EXPECT_EQ(heard.parts.size(), 2u);
    outlet.say({PartBegins{0, ReasoningPart{"Hm."}}, PartGrows{0, " So."}});
    outlet.say({PartBegins{1, ToolCallPart{"c", "f", "{}"}}, PartWithdrawn{1}});
    outlet.say({PartBegins{1, TextPart{"Words."}}, PartGrows{1, " More."}});
    outlet.close();
    EXPECT_EQ(heard.parts,
              (Parts{NoticePart{"left_out", "A secret."}, NoticePart{"again", "Another."},
                     ReasoningPart{"Hm. So."}, TextPart{"Words. More."}}))
        << gated;
    EXPECT_EQ(outlet.parts(), heard.parts);
  }
}

}  // namespace outlet_test
}  // namespace parley::chat
