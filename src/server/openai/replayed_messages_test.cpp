// What clients send back of earlier replies reaches the template as it was said.
#include "server/openai/engine_fixture.hpp"

namespace parley::server {
namespace replayed_messages_test {

constexpr const char* kToolsAndReasoning =
    "{{ raise_exception('[[' ~ (messages | tojson) ~ ']]') }}{# <tool_call> <think> #}";
constexpr const char* kNeither = "{% for m in messages %}{{ m.content }}{% endfor %}";

class ReplayedMessagesTest : public EngineServerTest {
 protected:
  // What the template sees of an assistant's message between two of a user; "answered" where it
  // tells nothing; what is said instead, where the message is refused.
  Json seen(const char* chat_template, const Json& reply) {
    start(chat_template);
    const Json user = {{"role", "user"}, {"content", "hi"}};
    const Json body =
        post("/v1/chat/completions", {{"messages", {user, reply, user}}, {"max_tokens", 1}}).json();
    if (!body.contains("error")) return "answered";
    const std::string told = body["error"]["message"];
    const auto from = told.find("[["), to = told.rfind("]]");
    if (from == std::string::npos || to == std::string::npos) return told;
    return parse_json(told.substr(from + 2, to - from - 2), "told")[1];
  }
  static Json call(const Json& function) {
    return {{"role", "assistant"},
            {"content", nullptr},
            {"tool_calls", {{{"id", "c1"}, {"type", "function"}, {"function", function}}}}};
  }
};

TEST_F(ReplayedMessagesTest, ACallWithoutArgumentsHasNone) {
  for (const Json& none : {Json(""), Json(" \n"), Json("{}"), Json(nullptr), Json::object()}) {
    const Json message = seen(kToolsAndReasoning, call({{"name", "f"}, {"arguments", none}}));
    EXPECT_EQ(message["tool_calls"][0]["function"]["arguments"], Json::object()) << message;
  }
  const Json message = seen(kToolsAndReasoning, call({{"name", "f"}}));
  EXPECT_EQ(message["tool_calls"][0]["function"]["arguments"], Json::object()) << message;
}

TEST_F(ReplayedMessagesTest, NoCallsAreTheSameAsAnEmptyList) {
  const Json plain = {{"role", "assistant"}, {"content", "Hello."}};
  for (const Json& none : {Json(nullptr), Json::array()}) {
    Json reply = plain;
    reply["tool_calls"] = none;
    EXPECT_EQ(seen(kNeither, reply), "answered");
    reply["reasoning_content"] = "It is a greeting.";  // so that the template sees all
    const Json message = seen(kToolsAndReasoning, reply);
    EXPECT_FALSE(message.contains("tool_calls")) << message;
  }
}

TEST_F(ReplayedMessagesTest, ReasoningIsTheTemplatesToKeepOrToLeave) {
  Json reply = {{"role", "assistant"}, {"content", "Hello."}, {"reasoning_content", "Greet."}};
  EXPECT_EQ(seen(kToolsAndReasoning, reply), reply);
  EXPECT_EQ(seen(kNeither, reply), "answered");
}

// A reply that its limit ended before the answer.
TEST_F(ReplayedMessagesTest, ReasoningAloneIsAMessage) {
  for (const Json& nothing : {Json(nullptr), Json("")}) {
    const Json message =
        seen(kToolsAndReasoning,
             {{"role", "assistant"}, {"content", nothing}, {"reasoning_content", "Greet."}});
    EXPECT_EQ(message["content"], "") << message;
    EXPECT_EQ(message["reasoning_content"], "Greet.") << message;
  }
  const Json refused = seen(kToolsAndReasoning, {{"role", "assistant"}, {"content", nullptr}});
  EXPECT_EQ(refused, "messages[1].content: required");
}

}  // namespace replayed_messages_test
}  // namespace parley::server
