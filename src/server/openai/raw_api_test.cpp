// The endpoints that speak to an engine, over HTTP, with a small random model behind them.
#include <cmath>

#include "server/openai/engine_fixture.hpp"

namespace parley::server {
namespace raw_api_test {

using RawApiTest = EngineServerTest;

TEST_F(RawApiTest, TokenizesThereAndBack) {
  const Json ids = post("/tokenize", {{"prompt", "the sea, the ship"}}).json();
  EXPECT_EQ(ids["count"], ids["tokens"].size());
  const Json text = post("/detokenize", {{"tokens", ids["tokens"]}}).json();
  EXPECT_EQ(text["prompt"], "the sea, the ship");
  EXPECT_EQ(post("/detokenize", {{"tokens", {1 << 20}}}).status, 400);
  EXPECT_EQ(post("/tokenize", {{"prompt", 5}}).status, 400);
}

TEST_F(RawApiTest, EchoScoresThePrompt) {
  const Json request = {{"prompt", "the sea and the ship"},
                        {"max_tokens", 0},
                        {"echo", true},
                        {"logprobs", 2},
                        {"temperature", 0}};
  const Json body = post("/v1/completions", request).json();
  const Json& choice = body["choices"][0];
  EXPECT_EQ(choice["text"], "the sea and the ship");
  const Json& logprobs = choice["logprobs"];
  ASSERT_GT(logprobs["tokens"].size(), 2u);
  EXPECT_EQ(logprobs["tokens"].size(), logprobs["token_logprobs"].size());
  EXPECT_TRUE(logprobs["token_logprobs"][0].is_null());
  for (std::size_t i = 1; i < logprobs["tokens"].size(); ++i) {
    EXPECT_LT(logprobs["token_logprobs"][i], 0);
    EXPECT_LE(logprobs["top_logprobs"][i].size(), 2u);
  }
  EXPECT_EQ(body["usage"]["completion_tokens"], 0);
}

TEST_F(RawApiTest, CompletesSeveralPromptsReproducibly) {
  const Json request = {
      {"prompt", {"the sea", "a ship"}}, {"max_tokens", 6}, {"n", 2}, {"seed", 7}, {"logprobs", 0}};
  const Json a = post("/v1/completions", request).json(),
             b = post("/v1/completions", request).json();
  ASSERT_EQ(a["choices"].size(), 4u);
  EXPECT_EQ(a["choices"], b["choices"]);
  EXPECT_NE(a["choices"][0]["text"], a["choices"][1]["text"]);  // n: another seed each
  for (const Json& choice : a["choices"]) EXPECT_EQ(choice["finish_reason"], "length");
}

TEST_F(RawApiTest, RefusesWhatItCannotDo) {
  for (const Json& bad :
       {Json{{"prompt", ""}}, Json{{"prompt", Json::array()}}, Json::object(),
        Json{{"prompt", "x"}, {"suffix", "y"}}, Json{{"prompt", "x"}, {"max_tokens", 0}},
        Json{{"prompt", {-1}}}, Json{{"prompt", "x"}, {"stream", true}, {"n", 2}},
        Json{{"prompt", "x"}, {"logit_bias", {{"9999999", 1}}}}}) {
    EXPECT_GE(post("/v1/completions", bad).status, 400) << bad;
  }
}

TEST_F(RawApiTest, EmbedsWithUnitLength) {
  const Json body = post("/v1/embeddings", {{"input", {"the sea", "the ship"}}}).json();
  ASSERT_EQ(body["data"].size(), 2u);
  double square = 0;
  for (const Json& x : body["data"][0]["embedding"]) square += std::pow(x.get<double>(), 2);
  EXPECT_NEAR(square, 1, 1e-5);
  EXPECT_NE(body["data"][0]["embedding"], body["data"][1]["embedding"]);
  const Json packed =
      post("/v1/embeddings", {{"input", "the sea"}, {"encoding_format", "base64"}}).json();
  EXPECT_EQ(packed["data"][0]["embedding"].get<std::string>().size(), (96 * 4 + 2) / 3 * 4);
}

TEST_F(RawApiTest, HoldsARepliesFormAndTellsLogprobs) {
  const Json schema = {{"type", "object"},
                       {"properties", {{"ok", {{"type", "boolean"}}}}},
                       {"required", {"ok"}},
                       {"additionalProperties", false}};
  const Json request = {
      {"messages", {{{"role", "user"}, {"content", "the sea?"}}}},
      {"max_tokens", 60},
      {"seed", 3},
      {"logprobs", true},
      {"top_logprobs", 3},
      {"response_format",
       {{"type", "json_schema"}, {"json_schema", {{"name", "x"}, {"schema", schema}}}}}};
  const Json body = post("/v1/chat/completions", request).json();
  const Json& choice = body["choices"][0];
  const std::string text = choice["message"]["content"];
  const Json parsed = Json::parse(text, nullptr, false);
  ASSERT_TRUE(parsed.is_object()) << text;
  EXPECT_TRUE(parsed["ok"].is_boolean());
  EXPECT_EQ(choice["finish_reason"], "stop");
  ASSERT_FALSE(choice["logprobs"]["content"].empty());
  EXPECT_EQ(choice["logprobs"]["content"][0]["top_logprobs"].size(), 3u);
  Json choices = request;
  choices.erase("response_format");
  choices["guided_choice"] = {"yes", "no"};
  const std::string word =
      post("/v1/chat/completions", choices).json()["choices"][0]["message"]["content"];
  EXPECT_TRUE(word == "yes" || word == "no") << word;
}

TEST_F(RawApiTest, CallsTheToolItIsToldTo) {
  const auto tool = [](const char* name, const Json& properties) {
    return Json{{"type", "function"},
                {"function",
                 {{"name", name},
                  {"parameters",
                   {{"type", "object"},
                    {"properties", properties},
                    {"required", {properties.begin().key()}},
                    {"additionalProperties", false}}}}}};
  };
  Json request = {{"messages", {{{"role", "user"}, {"content", "the sea?"}}}},
                  {"max_tokens", 120},
                  {"seed", 5},
                  {"tools",
                   {tool("weather", {{"place", {{"enum", {"here", "there"}}}}}),
                    tool("play", {{"loud", {{"type", "boolean"}}}})}}};
  request["tool_choice"] = {{"type", "function"}, {"function", {{"name", "play"}}}};
  const Json one = post("/v1/chat/completions", request).json();
  ASSERT_TRUE(one.contains("choices")) << one;
  const Json& choice = one["choices"][0];
  ASSERT_TRUE(choice["message"].contains("tool_calls")) << one;
  EXPECT_EQ(choice["finish_reason"], "tool_calls");
  EXPECT_TRUE(choice["message"]["content"].is_null());
  const Json& call = choice["message"]["tool_calls"][0]["function"];
  EXPECT_EQ(call["name"], "play");
  EXPECT_TRUE(Json::parse(call["arguments"].get<std::string>())["loud"].is_boolean());

  request["tool_choice"] = "required";
  request["stream"] = true;
  std::string name, arguments;
  for (const Event& event : events_of(post("/v1/chat/completions", request).body)) {
    if (event.data.is_null()) continue;
    ASSERT_TRUE(event.data.contains("choices")) << event.data;
    if (event.data["choices"].empty()) continue;
    const Json& delta = event.data["choices"][0]["delta"];
    EXPECT_EQ(delta.value("content", ""), "");
    if (!delta.contains("tool_calls")) continue;
    ASSERT_TRUE(delta["tool_calls"].is_array()) << delta;
    const Json& function = delta["tool_calls"][0]["function"];
    name += function.value("name", "");
    arguments += function.value("arguments", "");
  }
  EXPECT_TRUE(name == "weather" || name == "play") << name;
  EXPECT_TRUE(Json::parse(arguments, nullptr, false).is_object()) << arguments;

  for (const Json& bad :
       {Json("always"), Json{{"type", "function"}}, Json{{"function", {{"name", "play"}}}},
        Json{{"type", "function"}, {"function", {{"name", "sing"}}}}}) {
    request["tool_choice"] = bad;
    const Reply reply = post("/v1/chat/completions", request);
    EXPECT_EQ(reply.status, 400) << bad;
    EXPECT_EQ(reply.json()["error"]["param"], "tool_choice") << bad;
  }
}

TEST_F(RawApiTest, StreamsALogprobForEveryToken) {
  for (const bool held : {false, true}) {  // reasoning is parsed out in the one, not in the other
    Json request = {{"messages", {{{"role", "user"}, {"content", "the sea?"}}}},
                    {"max_tokens", 30},
                    {"seed", 5},
                    {"stream", true},
                    {"stream_options", {{"include_usage", true}}},
                    {"logprobs", true}};
    if (held) request["guided_regex"] = "[a-z]{40}";
    int told = 0, counted = -1;
    for (const Event& event : events_of(post("/v1/chat/completions", request).body)) {
      if (event.data.is_null()) continue;
      ASSERT_TRUE(event.data.contains("choices")) << event.data;
      for (const Json& choice : event.data["choices"]) {
        if (!choice["logprobs"].is_null())
          told += static_cast<int>(choice["logprobs"]["content"].size());
      }
      if (!event.data["usage"].is_null()) counted = event.data["usage"]["completion_tokens"];
    }
    EXPECT_EQ(told, counted);
  }
}

TEST_F(RawApiTest, PartsReasoningFromTheAnswer) {
  const Json request = {
      {"messages", {{{"role", "user"}, {"content", "the sea?"}}}}, {"max_tokens", 30}, {"seed", 5}};
  const Json message = post("/v1/chat/completions", request).json()["choices"][0]["message"];
  // The template opens the reasoning, which a random model does not end.
  EXPECT_FALSE(message["reasoning_content"].get<std::string>().empty());
  EXPECT_EQ(message["content"], "");
}

TEST_F(RawApiTest, ServesOtherModelsWhenTheyAreAskedFor) {
  const auto loaded = [&] {
    const Json list = TestClient(app_->port()).request("GET", "/v1/models", "").json()["data"];
    std::map<std::string, bool> out;
    for (const Json& model : list) out[model["id"]] = model["loaded"];
    return out;
  };
  EXPECT_EQ(loaded(),
            (std::map<std::string, bool>{{"tiny", true}, {"other", false}, {"broken", false}}));
  Json request = {{"model", "other"}, {"prompt", "the sea"}, {"max_tokens", 8}, {"temperature", 0}};
  const Json other = post("/v1/completions", request).json();
  EXPECT_EQ(other["model"], "other") << other;
  EXPECT_TRUE(loaded()["other"]);
  request["model"] = "tiny";
  EXPECT_NE(post("/v1/completions", request).json()["choices"], other["choices"]);
  request = {
      {"model", "other"}, {"messages", {{{"role", "user"}, {"content", "hi"}}}}, {"max_tokens", 4}};
  EXPECT_EQ(post("/v1/chat/completions", request).json()["model"], "other");
  request["model"] = "broken";
  EXPECT_GE(post("/v1/chat/completions", request).status, 400);
  request["model"] = "unknown";
  EXPECT_EQ(post("/v1/chat/completions", request).status, 404);
  EXPECT_EQ(post("/v1/embeddings", {{"model", "other"}, {"input", "a"}}).status, 200);
  EXPECT_EQ(TestClient(app_->port()).request("GET", "/v1/models/other", "").status, 200);
}

}  // namespace raw_api_test
}  // namespace parley::server
