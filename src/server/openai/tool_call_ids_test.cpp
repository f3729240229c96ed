// Ids of calls as clients see them: the only link between a call and its result.
#include <algorithm>
#include <cctype>
#include <set>

#include "server/openai/engine_fixture.hpp"

namespace parley::server {
namespace tool_call_ids_test {

class ToolCallIdsTest : public EngineServerTest {
 protected:
  static Json request() {
    return {{"messages", {{{"role", "user"}, {"content", "the sea?"}}}},
            {"max_tokens", 60},
            {"seed", 5},
            {"tools",
             {{{"type", "function"},
               {"function",
                {{"name", "play"},
                 {"parameters",
                  {{"type", "object"},
                   {"properties", {{"loud", {{"type", "boolean"}}}}},
                   {"required", {"loud"}},
                   {"additionalProperties", false}}}}}}}},
            {"tool_choice", "required"}};
  }
  std::vector<std::string> ids_of(const Json& body) {
    std::vector<std::string> ids;
    for (const Json& choice : body["choices"]) {
      for (const Json& call : choice["message"]["tool_calls"]) ids.push_back(call["id"]);
    }
    return ids;
  }
  std::vector<std::string> streamed_ids(const std::string& body) {
    std::vector<std::string> ids;
    for (const Event& event : events_of(body)) {
      if (!event.data.is_object() || event.data["choices"].empty()) continue;
      const Json& delta = event.data["choices"][0]["delta"];
      if (!delta.contains("tool_calls")) continue;
      const Json& call = delta["tool_calls"][0];
      if (call.contains("id")) ids.push_back(call["id"]);
    }
    return ids;
  }
};

TEST_F(ToolCallIdsTest, AreUniqueOverChoicesRequestsStreamsAndRestarts) {
  std::set<std::string> seen;
  std::size_t calls = 0;
  const auto note = [&](const std::vector<std::string>& ids, std::size_t expected) {
    EXPECT_EQ(ids.size(), expected);
    seen.insert(ids.begin(), ids.end());
    calls += ids.size();
  };
  Json wanted = request();
  wanted["n"] = 2;
  for (int i = 0; i < 2; ++i) note(ids_of(post("/v1/chat/completions", wanted).json()), 2);
  wanted["stream"] = true;
  note(streamed_ids(post("/v1/chat/completions", wanted).body), 2);
  start(kHermesTemplate);
  note(streamed_ids(post("/v1/chat/completions", wanted).body), 2);
  EXPECT_EQ(seen.size(), calls);
}

TEST_F(ToolCallIdsTest, HaveTheFormThatTheFamilysTemplatesDemand) {
  EXPECT_TRUE(ids_of(post("/v1/chat/completions", request()).json()).at(0).starts_with("call_"));
  start(kMistralTemplate);
  Json wanted = request();
  const std::string id = ids_of(post("/v1/chat/completions", wanted).json()).at(0);
  wanted["stream"] = true;
  const std::string streamed = streamed_ids(post("/v1/chat/completions", wanted).body).at(0);
  for (const std::string& each : {id, streamed}) {
    EXPECT_EQ(each.size(), 9u) << each;
    EXPECT_TRUE(std::ranges::all_of(each, [](unsigned char c) { return std::isalnum(c) != 0; }));
  }
  EXPECT_NE(id, streamed);
}

// The words are the seed's, whatever the ids are.
TEST_F(ToolCallIdsTest, TouchNothingElse) {
  const auto call = [&] {
    return post("/v1/chat/completions", request())
        .json()["choices"][0]["message"]["tool_calls"][0]["function"];
  };
  EXPECT_EQ(call(), call());
}

}  // namespace tool_call_ids_test
}  // namespace parley::server
