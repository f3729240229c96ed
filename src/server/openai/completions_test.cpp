#include <algorithm>
#include <map>

#include "server/http/server_fixture.hpp"

namespace parley::server {
namespace completions_test {

class CompletionsTest : public ServerTest {};

TEST_F(CompletionsTest, AnswersWhole) {
  const Reply reply = complete(says("hi there"));
  ASSERT_EQ(reply.status, 200) << reply.body;
  EXPECT_EQ(reply.headers.at("content-type"), "application/json");
  const Json body = reply.json();
  EXPECT_EQ(body["object"], "chat.completion");
  EXPECT_EQ(body["model"], "scripted");
  EXPECT_EQ(body["system_fingerprint"], "fp_5c219ed5c219");
  EXPECT_EQ(body["choices"][0]["message"]["role"], "assistant");
  EXPECT_EQ(body["choices"][0]["message"]["content"], "You said: hi there");
  EXPECT_EQ(body["choices"][0]["finish_reason"], "stop");
  EXPECT_EQ(body["usage"], (Json{{"prompt_tokens", 7},
                                 {"completion_tokens", 3},
                                 {"total_tokens", 10},
                                 {"prompt_tokens_details", {{"cached_tokens", 0}}}}));
}

TEST_F(CompletionsTest, Streams) {
  Json request = says("count 5");
  request["stream"] = true;
  request["stream_options"] = {{"include_usage", true}};
  const Reply reply = complete(request);
  ASSERT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.complete);
  EXPECT_EQ(reply.headers.at("content-type"), "text/event-stream");
  const auto events = events_of(reply.body);
  ASSERT_GE(events.size(), 5u);
  std::string text;
  for (const Event& event : events) {
    if (event.data.is_null()) continue;
    EXPECT_EQ(event.data["object"], "chat.completion.chunk");
    EXPECT_EQ(event.data["id"], events[0].data["id"]);
    if (!event.data["choices"].empty())
      text += event.data["choices"][0]["delta"].value("content", "");
  }
  EXPECT_EQ(text, "1 2 3 4 5");
  EXPECT_EQ(events[0].data["choices"][0]["delta"]["role"], "assistant");
  EXPECT_TRUE(events.back().data.is_null());  // [DONE]
  EXPECT_EQ(events[events.size() - 2].data["usage"]["completion_tokens"], 5);
  EXPECT_TRUE(events[events.size() - 2].data["choices"].empty());
  EXPECT_EQ(events[events.size() - 3].data["choices"][0]["finish_reason"], "stop");
}

TEST_F(CompletionsTest, GivesSeveralChoices) {
  Json request = says("count 4");
  request.update({{"n", 3}, {"seed", 10}});
  const Json body = complete(request).json();
  ASSERT_EQ(body["choices"].size(), 3u) << body;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(body["choices"][i]["index"], i);
    EXPECT_EQ(body["choices"][i]["message"]["content"], "1 2 3 4");
  }
  EXPECT_EQ(body["usage"]["prompt_tokens"], 7);  // once
  EXPECT_EQ(body["usage"]["completion_tokens"], 12);
  std::vector<std::uint64_t> seeds;
  for (const auto& each : model_->seen()) seeds.push_back(each.sampling.seed);
  std::sort(seeds.begin(), seeds.end());
  EXPECT_EQ(seeds, (std::vector<std::uint64_t>{10, 11, 12}));
}

TEST_F(CompletionsTest, StreamsSeveralChoices) {
  Json request = says("count 5");
  request.update({{"n", 2}, {"stream", true}, {"stream_options", {{"include_usage", true}}}});
  const Reply reply = complete(request);
  std::map<int, std::string> texts;
  std::map<int, int> ends;
  Json usage;
  const auto events = events_of(reply.body);
  for (const Event& event : events) {
    if (event.data.is_null()) continue;
    if (!event.data["usage"].is_null()) usage = event.data["usage"];
    for (const Json& choice : event.data["choices"]) {
      texts[choice["index"]] += choice["delta"].value("content", "");
      ends[choice["index"]] += choice["finish_reason"] == "stop";
    }
  }
  EXPECT_EQ(texts, (std::map<int, std::string>{{0, "1 2 3 4 5"}, {1, "1 2 3 4 5"}}));
  EXPECT_EQ(ends, (std::map<int, int>{{0, 1}, {1, 1}}));
  EXPECT_EQ(usage["completion_tokens"], 10);
  EXPECT_TRUE(events.back().data.is_null());
}

TEST_F(CompletionsTest, OneBadChoiceIsOneError) {
  Json request = says("crash");
  request["n"] = 3;
  const Reply reply = complete(request);
  EXPECT_EQ(reply.status, 500);
  EXPECT_TRUE(reply.json()["error"]["message"].is_string());
  request["stream"] = true;
  const auto events = events_of(complete(request).body);
  EXPECT_TRUE(events.back().data.contains("error"));
  wait_until([&] { return assistant_->running() == 0; });
}

TEST_F(CompletionsTest, NamesTheLimitThatEndedIt) {
  Json request = says("count 50");
  request["max_completion_tokens"] = 4;
  EXPECT_EQ(complete(request).json()["choices"][0]["finish_reason"], "length");
}

TEST_F(CompletionsTest, PassesTheSettingsOn) {
  Json request = says("x");
  request.update({{"temperature", 0.25},
                  {"top_p", 0.5},
                  {"top_k", 12},
                  {"min_p", 0.1},
                  {"repetition_penalty", 1.5},
                  {"seed", 77},
                  {"stop", {"END", "\n"}},
                  {"max_tokens", 9}});
  request["messages"] = {
      {{"role", "developer"}, {"content", "rules"}},
      {{"role", "user"},
       {"content", {{{"type", "text"}, {"text", "a"}}, {{"type", "text"}, {"text", "b"}}}}}};
  ASSERT_EQ(complete(request).status, 200);
  const auto seen = model_->seen().back();
  EXPECT_FLOAT_EQ(seen.sampling.temperature, 0.25f);
  EXPECT_FLOAT_EQ(seen.sampling.top_p, 0.5f);
  EXPECT_EQ(seen.sampling.top_k, 12);
  EXPECT_FLOAT_EQ(seen.sampling.min_p, 0.1f);
  EXPECT_FLOAT_EQ(seen.sampling.repetition_penalty, 1.5f);
  EXPECT_EQ(seen.sampling.seed, 77u);
  EXPECT_EQ(seen.stop, (std::vector<std::string>{"END", "\n"}));
  EXPECT_EQ(seen.max_tokens, 9);
  EXPECT_EQ(seen.messages[0].role, "system");
  EXPECT_EQ(seen.messages[1].content, "a\n\nb");
}

TEST_F(CompletionsTest, RefusesBadFieldsByName) {
  struct Case {
    Json change;
    std::string param;
    int status = 400;
  };
  const std::vector<Case> cases = {
      {{{"messages", nullptr}}, "messages"},
      {{{"messages", Json::array()}}, "messages"},
      {{{"messages", "hi"}}, "messages"},
      {{{"messages", {1}}}, "messages[0]"},
      {{{"messages", {{{"role", "wizard"}, {"content", "x"}}}}}, "messages[0].role"},
      {{{"messages", {{{"role", "tool"}, {"content", "x"}}}}}, "messages[0]"},
      {{{"messages", {{{"role", 7}, {"content", "x"}}}}}, "messages[0].role"},
      {{{"messages", {{{"role", "user"}}}}}, "messages[0].content"},
      {{{"messages", {{{"role", "user"}, {"content", ""}}}}}, "messages[0].content"},
      {{{"messages", {{{"role", "user"}, {"content", {{{"type", "image_url"}}}}}}}},
       "messages[0].content[0]"},
      {{{"messages", {{{"role", "user"}, {"content", {{{"type", "text"}}}}}}}},
       "messages[0].content[0].text"},
      {{{"temperature", "hot"}}, "temperature"},
      {{{"temperature", 3}}, "temperature"},
      {{{"temperature", -1}}, "temperature"},
      {{{"top_p", 1.5}}, "top_p"},
      {{{"top_k", 1.5}}, "top_k"},
      {{{"max_tokens", 0}}, "max_tokens"},
      {{{"max_tokens", 1e300}}, "max_tokens"},
      {{{"seed", "x"}}, "seed"},
      {{{"stop", {"a", "b", "c", "d", "e"}}}, "stop"},
      {{{"stop", {""}}}, "stop"},
      {{{"stop", 5}}, "stop"},
      {{{"n", 0}}, "n"},
      {{{"n", 17}}, "n"},
      {{{"logprobs", true}}, "logprobs"},
      {{{"presence_penalty", 5}}, "presence_penalty"},
      {{{"logit_bias", {{"x", 1}}}}, "logit_bias"},
      {{{"top_logprobs", 2}}, "top_logprobs"},
      {{{"tools", {{{"type", "function"}}}}}, "tools"},
      {{{"response_format", {{"type", "json_object"}}}}, "response_format"},
      {{{"response_format", {{"type", "json_object"}, {"schema", Json::object()}}}},
       "response_format.schema"},
      {{{"response_format", {{"type", "json_schema"}, {"schema", Json::object()}}}},
       "response_format.schema"},
      {{{"response_format", {{"type", "text"}, {"json_schema", Json::object()}}}},
       "response_format.json_schema"},
      {{{"response_format", {{"type", "json_schema"}}}}, "response_format.json_schema.schema"},
      {{{"response_format", {{"type", "json_schema"}, {"json_schema", {{"shema", true}}}}}},
       "response_format.json_schema.shema"},
      {{{"response_format",
         {{"type", "json_schema"}, {"json_schema", {{"schema", true}, {"strict", "yes"}}}}}},
       "response_format.json_schema.strict"},
      {{{"response_format", {{"type", "yaml"}}}}, "response_format.type"},
      {{{"stream", "yes"}}, "stream"},
      {{{"stream_options", {{"include_usage", true}}}}, "stream_options"},
      {{{"stream", true}, {"stream_options", {{"usage", true}}}}, "stream_options.usage"},
      {{{"temprature", 1}}, "temprature"},
      {{{"model", "gpt-4"}}, "model", 404},
  };
  for (const Case& each : cases) {
    Json request = says("x");
    request.update(each.change);
    const Reply reply = complete(request);
    EXPECT_EQ(reply.status, each.status) << each.change;
    const Json error = reply.json()["error"];
    EXPECT_EQ(error["param"], each.param) << each.change;
    EXPECT_NE(error["message"].get<std::string>().find(each.param.substr(0, each.param.find('['))),
              std::string::npos);
    EXPECT_TRUE(error["type"].is_string());
    EXPECT_TRUE(error["code"].is_string());
  }
  EXPECT_TRUE(model_->seen().empty());
}

TEST_F(CompletionsTest, AcceptsWhatChangesNothing) {
  Json request = says("x");
  request.update({{"n", 1},
                  {"user", "u1"},
                  {"presence_penalty", 0},
                  {"logit_bias", Json::object()},
                  {"tools", Json::array()},
                  {"response_format", {{"type", "text"}}},
                  {"temperature", nullptr},
                  {"metadata", {{"a", "b"}}}});
  EXPECT_EQ(complete(request).status, 200);
}

TEST_F(CompletionsTest, RefusesWhatIsNoJson) {
  TestClient client(port());
  for (const std::string& body :
       {std::string("{\"messages\": [}"), std::string("[1,2]"), std::string(),
        std::string("{\"a\": \"\xff\"}"), std::string(100'000, '['),
        "{\"messages\":" + std::string(80, '[') + std::string(80, ']') + "}"}) {
    const Reply reply = client.request("POST", "/v1/chat/completions", body);
    EXPECT_EQ(reply.status, 400) << body.substr(0, 50);
    EXPECT_EQ(reply.json()["error"]["type"], "invalid_request_error");
  }
}

TEST_F(CompletionsTest, ListsTheModel) {
  EXPECT_EQ(get("/v1/models").json()["data"][0]["id"], "scripted");
  EXPECT_EQ(get("/v1/models/scripted").json()["object"], "model");
  const Reply unknown = get("/v1/models/other");
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(unknown.json()["error"]["code"], "model_not_found");
  EXPECT_EQ(get("/v1/engines").status, 404);
  const Reply method = get("/v1/chat/completions");
  EXPECT_EQ(method.status, 405);
  EXPECT_EQ(method.headers.at("allow"), "POST, OPTIONS");
}

TEST_F(CompletionsTest, AFullQueueIs429) {
  start({.max_concurrent = 1, .max_queue = 1, .step = {}});
  model_->hold(true);
  TestClient running(port()), waiting(port());
  running.send_request("POST", "/v1/chat/completions", says("count 2").dump());
  wait_until([&] { return model_->stats().running == 1; });
  waiting.send_request("POST", "/v1/chat/completions", says("count 3").dump());
  wait_until([&] { return model_->stats().waiting == 1; });
  EXPECT_EQ(metric("parley_engine_waiting"), 1);
  const Reply refused = complete(says("x"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_EQ(refused.headers.at("retry-after"), "2");
  EXPECT_EQ(refused.json()["error"]["type"], "rate_limit_error");
  model_->hold(false);
  EXPECT_EQ(running.read_reply().json()["choices"][0]["message"]["content"], "1 2");
  EXPECT_EQ(waiting.read_reply().json()["choices"][0]["message"]["content"], "1 2 3");
}

TEST_F(CompletionsTest, AModelFailureIsTold) {
  const Reply whole = complete(says("crash"));
  EXPECT_EQ(whole.status, 500);
  EXPECT_EQ(whole.json()["error"]["type"], "server_error");
  EXPECT_EQ(whole.body.find("scripted failure"), std::string::npos);  // the log's business
  Json request = says("crash");
  request["stream"] = true;
  const auto events = events_of(complete(request).body);
  EXPECT_EQ(events.back().data["error"]["type"], "server_error");
}

TEST_F(CompletionsTest, ADisconnectStopsTheReply) {
  start({.max_concurrent = 4, .max_queue = 8, .step = std::chrono::milliseconds(1)});
  for (const bool stream : {true, false}) {
    const auto cancelled = model_->stats().cancelled;
    TestClient client(port());
    Json request = says("count 100000");
    request["stream"] = stream;
    client.send_request("POST", "/v1/chat/completions", request.dump());
    wait_until([&] { return model_->stats().running == 1; });
    if (stream) client.read_head();
    client.close();
    wait_until([&] { return model_->stats().cancelled == cancelled + 1; });
    wait_until([&] { return metric("parley_turns_active") == 0; });
  }
}

TEST_F(CompletionsTest, AClientThatNeverReadsIsCutOff) {
  options_.http.max_unsent_bytes = 64 * 1024;
  start({.max_concurrent = 4, .max_queue = 8, .step = std::chrono::microseconds(50)});
  TestClient client(port(), 4096);
  Json request = says("flood 100000");  // 100 MB if all were sent
  request["stream"] = true;
  client.send_request("POST", "/v1/chat/completions", request.dump());
  wait_until([&] { return model_->stats().cancelled == 1; });
  wait_until([&] { return metric("parley_turns_active") == 0; });
}

TEST_F(CompletionsTest, TwoHundredStreamsAtOnce) {
  start({.max_concurrent = 8, .max_queue = 256, .step = {}});
  model_->hold(true);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 200; ++i) {
    Json request = says("count " + std::to_string(20 + i));
    request["stream"] = true;
    clients.push_back(std::make_unique<TestClient>(port()));
    clients.back()->send_request("POST", "/v1/chat/completions", request.dump());
  }
  wait_until([&] { return model_->stats().requests == 200; });
  EXPECT_EQ(metric("parley_engine_running"), 8);
  EXPECT_EQ(metric("parley_engine_waiting"), 192);
  EXPECT_EQ(metric("parley_turns_active"), 200);
  model_->hold(false);
  for (int i = 0; i < 200; ++i) {
    std::string text;
    const Reply reply = clients[i]->read_reply();
    ASSERT_TRUE(reply.complete);
    for (const Event& event : events_of(reply.body)) {
      if (!event.data.is_null()) text += event.data["choices"][0]["delta"].value("content", "");
    }
    EXPECT_TRUE(text.ends_with(" " + std::to_string(20 + i)));
  }
  EXPECT_EQ(metric("parley_engine_waiting"), 0);
}

}  // namespace completions_test
}  // namespace parley::server
