#include "prompt/call_ids.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cctype>
#include <set>

namespace parley::text {
namespace call_ids_test {

bool is_nine(const std::string& id) {
  return id.size() == 9 &&
         std::ranges::all_of(id, [](unsigned char c) { return std::isalnum(c) != 0; });
}

TEST(CallIds, AreUniqueOverRequestsAndOfTheFamilysForm) {
  std::set<std::string> seen;
  for (int request = 0; request < 200; ++request) {
    CallIds mistral(ToolCallStyle::kMistral), other(ToolCallStyle::kHermes);
    for (int call = 0; call < 5; ++call) {
      const std::string nine = mistral.next(""), open = other.next("");
      EXPECT_TRUE(is_nine(nine)) << nine;
      EXPECT_TRUE(open.starts_with("call_") && open.size() == 29) << open;
      seen.insert({nine, open});
    }
  }
  EXPECT_EQ(seen.size(), 2000u);
}

TEST(CallIds, WhatTheModelWroteStaysUnlessItIsTaken) {
  CallIds ids(ToolCallStyle::kMistral);
  ids.take(Json::parse(R"([
      {"role": "user", "content": "hi"},
      {"role": "assistant", "tool_calls": [{"id": "aaaaaaaaa"}, {"id": 7}, {}, 3]},
      {"role": "assistant", "tool_calls": null},
      {"role": "tool", "tool_call_id": "bbbbbbbbb", "content": "x"}, 5])"));
  EXPECT_EQ(ids.next("abcDEF123"), "abcDEF123");
  for (const char* taken : {"abcDEF123", "aaaaaaaaa", "bbbbbbbbb", "short", "abc-EF123", ""}) {
    const std::string id = ids.next(taken);
    EXPECT_NE(id, taken);
    EXPECT_TRUE(is_nine(id)) << id;
  }
  CallIds open(ToolCallStyle::kCommandR);
  open.take(nullptr);
  EXPECT_EQ(open.next("0"), "0");
  EXPECT_NE(open.next("0"), "0");
  EXPECT_NE(open.next("no blanks"), "no blanks");
  EXPECT_NE(open.next(std::string(65, 'x')), std::string(65, 'x'));
}

TEST(CallIds, AnyConversationAndAnyWordsOfAModelGiveUniqueIds) {
  EXPECT_TRUE(rc::check([] {
    CallIds ids(*rc::gen::element(ToolCallStyle::kMistral, ToolCallStyle::kLlama));
    const auto word = rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab0 _")));
    Json messages = Json::array();
    std::set<std::string> seen;
    for (const std::string& id : *rc::gen::container<std::vector<std::string>>(word)) {
      messages.push_back({{"role", "tool"}, {"tool_call_id", id}});
      seen.insert(id);
    }
    ids.take(messages);
    for (const std::string& own : *rc::gen::container<std::vector<std::string>>(word))
      RC_ASSERT(seen.insert(ids.next(own)).second);
  }));
}

}  // namespace call_ids_test
}  // namespace parley::text
