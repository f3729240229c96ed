#include "data/sources/speaker_lines.hpp"

#include <gtest/gtest.h>

namespace parley::data {
namespace speaker_lines_test {

struct Read {
  std::vector<std::string> conversations;  // "u:…|a:…|"
  std::string note;
};

Read read(std::string_view text, bool markdown = true, std::string_view mapping = {}) {
  SpeakerLines lines = read_speaker_lines(text, markdown, Speakers(mapping));
  Read out{{}, lines.note};
  for (const OwnedRecord& record : lines.conversations) {
    std::string& said = out.conversations.emplace_back();
    for (const OwnedMessage& message : record.messages) {
      said += std::string(role_name(message.role).substr(0, 1)) + ":" + message.content + "|";
    }
  }
  return out;
}

using Said = std::vector<std::string>;

TEST(SpeakerLines, AreReadInTheWaysPeopleWriteThem) {
  const Said expected = {"u:My parcel is late.|a:Which number?|"};
  EXPECT_EQ(read("**Customer:** My parcel is late.\n**Agent:** Which number?\n").conversations,
            expected);
  EXPECT_EQ(read("__Customer__: My parcel is late.\n\n__Agent__: Which number?").conversations,
            expected);
  EXPECT_EQ(read("- Kundin: My parcel is late.\n- Berater: Which number?").conversations, expected);
  EXPECT_EQ(read("> Q: My parcel is late.\n> A: Which number?").conversations, expected);
  EXPECT_EQ(
      read("[10:02] Human: My parcel is late.\n[10:03] Bot: Which number?", false).conversations,
      expected);
  EXPECT_EQ(read("Customer (10:02): My parcel is late.\nAgent (10:03): Which number?", false)
                .conversations,
            expected);
  EXPECT_EQ(read("用户：My parcel is late.\n客服：Which number?", false).conversations, expected);
}

TEST(SpeakerLines, HeadingsAndRulesPartConversations) {
  const Read seen =
      read("# Log\n\n## One\nUser: a\nBot: b\nmore *b*\n\n## Two\nUser: c\nBot: d\n---\nBot: e\n");
  EXPECT_EQ(seen.conversations, (Said{"u:a|a:b more b|", "u:c|a:d|", "a:e|"}));
  EXPECT_EQ(seen.note, "read as 3 conversations: User is the user, Bot the assistant");
}

TEST(SpeakerLines, ProseWithColonsIsProse) {
  for (const char* text :
       {"Note: this is it.\nWarning: mind the gap.\n", "# Plan\n\nSee https://a.b: good.\n",
        "Opening hours: 9 to 17\nAddress: Main Street\n", "Answer: 42\n",
        "Question: why?\nBecause.\n"}) {
    const Read seen = read(text);
    EXPECT_TRUE(seen.conversations.empty()) << text;
    EXPECT_EQ(seen.note, "") << text;
  }
}

TEST(SpeakerLines, WhatCannotBeToldIsToldWithTheOption) {
  const char* text = "Anna: hi\nBen: hello\nAnna: how are you\nBen: fine\n";
  EXPECT_NE(read(text).note.find("--speakers user=Anna,assistant=Ben"), std::string::npos);
  EXPECT_EQ(read(text, true, "user=Anna,assistant=Ben").conversations,
            (Said{"u:hi|a:hello|u:how are you|a:fine|"}));
  const Read mixed = read("Our agents talk so:\n\nCustomer: hi\nAgent: hello\n");
  EXPECT_TRUE(mixed.conversations.empty());
  EXPECT_NE(mixed.note.find("lines of Customer and Agent"), std::string::npos);
}

TEST(SpeakerLines, ThirdSpeakersAreNamed) {
  EXPECT_NE(read("Date: May\nUser: a\nBot: b\n").note.find("left out: \"Date\""),
            std::string::npos);
  EXPECT_NE(read("User: a\nBot: b\nSupervisor: c\n").note.find("\"Supervisor\""),
            std::string::npos);
}

}  // namespace speaker_lines_test
}  // namespace parley::data
