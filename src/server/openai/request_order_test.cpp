// What a client orders stays in order, from the socket to the template and to the reply.
#include <algorithm>

#include "chat/model/local_model.hpp"
#include "package/test_model.hpp"
#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace request_order_test {

// <tool_call>: a template that knows tools. What it was given comes back in its refusal.
constexpr const char* kTelling =
    "{% if messages[0].content == 'tell' %}"
    "{{ raise_exception('[[' ~ (tools | tojson) ~ (messages | tojson) ~ ']]') }}{% endif %}"
    "{% for m in messages %}{{ m.content }}\n{% endfor %}{# <tool_call> #}";

class RequestOrderTest : public ::testing::Test {
 protected:
  RequestOrderTest() {
    test::write_random_model(dir_.path() / "model");
    model_ = std::make_unique<chat::LocalModel>(
        engine::Engine::load(package::ModelPackage(dir_.path() / "model"), {}), "tiny",
        std::make_shared<text::ChatTemplate>(kTelling, "template"));
    store_ = store::open_memory_store();
    assistant_ = std::make_unique<chat::Assistant>(*model_, *store_, chat::Persona{},
                                                   chat::default_settings(chat::ReplyDefaults{}),
                                                   chat::talking_pipeline(*model_, *store_, ""));
    AppOptions options;
    options.http.port = 0;
    app_ = std::make_unique<App>(*assistant_, std::span<const web::Bundle>{}, options);
  }
  Json post(const std::string& body) {
    return TestClient(app_->port()).request("POST", "/v1/chat/completions", body).json();
  }
  // The names of the members of the JSON object that a reply's text is.
  static std::string names(const Json& text) {
    const Json members = parse_json(text.get<std::string>(), "reply");
    std::string out;
    for (const auto& [name, value] : members.items()) out += name + " ";
    return out;
  }

  test::TempDir dir_;
  std::unique_ptr<chat::LocalModel> model_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<chat::Assistant> assistant_;
  std::unique_ptr<App> app_;
};

const std::string kSchema = R"({"type": "object", "properties": {
    "reasoning": {"type": "string", "maxLength": 4}, "answer": {"type": "boolean"},
    "code": {"enum": ["A", "B"]}}, "required": ["reasoning", "answer", "code"],
    "additionalProperties": false})";
const std::string kAsks = R"({"messages": [{"role": "user", "content": "the sea?"}],
    "max_tokens": 200, "seed": 4, )";

TEST_F(RequestOrderTest, AReplyHasTheOrderOfItsSchema) {
  const auto named = [&](const std::string& schema) {
    return R"("response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": )" +
           schema + "}}}";
  };
  const std::string both =
      R"({"allOf": [{"properties": {"zeta": {"const": 1}}, "required": ["zeta"]},
      {"properties": {"alpha": {"const": 2}}, "required": ["alpha"]}],
      "unevaluatedProperties": false})";
  for (int i = 0; i < 4; ++i) {
    const Json reply = post(kAsks + named(kSchema));
    EXPECT_EQ(names(reply["choices"][0]["message"]["content"]), "reasoning answer code ");
    EXPECT_EQ(names(post(kAsks + named(both))["choices"][0]["message"]["content"]), "zeta alpha ");
  }
  const Json guided = post(kAsks + "\"guided_json\": " + kSchema + "}");
  EXPECT_EQ(names(guided["choices"][0]["message"]["content"]), "reasoning answer code ");
}

TEST_F(RequestOrderTest, ACallHasTheOrderOfItsTool) {
  const Json body = post(kAsks + R"("tool_choice": "required", "tools": [{"type": "function",
      "function": {"name": "f", "parameters": )" +
                         kSchema + "}}]}");
  const Json& call = body["choices"][0]["message"]["tool_calls"][0];
  EXPECT_EQ(names(call["function"]["arguments"]), "reasoning answer code ") << body;
}

TEST_F(RequestOrderTest, TheTemplateSeesWhatTheClientWrote) {
  const std::string tools =
      R"([{"type": "function", "function": {"name": "zoom", "parameters": {"type": "object", )"
      R"("properties": {"y": {"type": "string"}, "x": {"a": 1, "Z": 2}}, "required": ["y"]}, )"
      R"("description": "d"}}, {"function": {"name": "add"}, "type": "function"}])";
  const std::string call = R"({"type": "function", "id": "c1", "function": {"name": "zoom", )"
                           R"("arguments": {"y": "2", "x": {"b": 1, "a": 2}}}})";
  std::string call_as_sent = call;
  const std::string arguments = R"({"y": "2", "x": {"b": 1, "a": 2}})";
  call_as_sent.replace(call.find(arguments), arguments.size(), to_text(Json(arguments)));
  const Json body =
      post(R"({"messages": [{"role": "user", "content": "tell"}, {"tool_calls": [)" + call_as_sent +
           R"(], "role": "assistant", "content": null}, )" +
           R"({"tool_call_id": "c1", "role": "tool", "content": "r"}], "tools": )" + tools + "}");
  const std::string told = body["error"]["message"];
  const std::string expected = "[[" + tools +
                               R"([{"role": "user", "content": "tell"}, {"tool_calls": [)" + call +
                               R"(], "role": "assistant", "content": ""}, )" +
                               R"({"tool_call_id": "c1", "role": "tool", "content": "r"}]]])";
  EXPECT_NE(told.find(expected), std::string::npos) << told << "\n" << expected;
}

// A client's arguments are text, in which no depth is too deep for a stack.
TEST_F(RequestOrderTest, ArgumentsThatNestTooDeeplyStayText) {
  const std::string deep = std::string(500'000, '[') + std::string(500'000, ']');
  const Json body = post(R"({"messages": [{"role": "user", "content": "tell"}, {"role": "assistant",
      "tool_calls": [{"type": "function", "id": "c", "function": {"name": "f", "arguments": ")" +
                         deep + R"("}}]}]})");
  EXPECT_TRUE(body.contains("error")) << body;
  EXPECT_EQ(post(kAsks + "\"n\": 1}")["object"], "chat.completion");
}

TEST_F(RequestOrderTest, ANameGivenTwiceIsRefused) {
  const Json body = post(kAsks + "\"seed\": 5}");
  ASSERT_TRUE(body.contains("error")) << body;
  const std::string message = body["error"]["message"];
  EXPECT_NE(message.find("\"seed\" is given twice"), std::string::npos) << message;
}

// 4 MB of one object's members, and of a schema's properties.
TEST_F(RequestOrderTest, ManyMembersAreReadInOrderAndRefusedSoon) {
  std::string many = "{";
  for (int i = 0; many.size() < 1'000'000; ++i)
    many += (i == 0 ? "\"f" : ",\"f") + std::to_string(i) + "\":" + std::to_string(i);
  EXPECT_EQ(post(many + "}")["error"]["param"], "f0");  // the first of the unknown ones
}

}  // namespace request_order_test
}  // namespace parley::server
