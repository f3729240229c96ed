// Forms that replies are held to, compiled while everybody else is served.
#include <atomic>
#include <future>

#include "constraint/compile_stop.hpp"
#include "server/openai/engine_fixture.hpp"

namespace parley::server {
namespace forms_test {

class FormsTest : public EngineServerTest {
 protected:
  static Json plain() {
    return {{"messages", {{{"role", "user"}, {"content", "the sea?"}}}}, {"max_tokens", 4}};
  }
  static Json held(const std::string& pattern) {
    Json body = plain();
    body["guided_regex"] = pattern;
    return body;
  }
  engine::ConstraintCompiler::Stats stats() { return assistant_->constraints().stats(); }

  // Keeps all threads that compile busy until released, as two heavy schemas would.
  class Busy {
   public:
    explicit Busy(engine::ConstraintCompiler& compiler) {
      for (const char* name : {"one", "two"}) {
        auto started = std::make_shared<std::promise<void>>();
        auto done = std::make_shared<std::promise<void>>();
        done_.push_back(done->get_future());
        const engine::ConstraintSource source = {name, [this, started] {
                                                   started->set_value();
                                                   while (!released_) {
                                                     engine::CompileStop::poll();
                                                   }
                                                   return engine::compile_json_object();
                                                 }};
        compiler.compile(source, name, compiler.ticket(),
                         [done](const engine::GrammarPtr&, const Error*) { done->set_value(); });
        started->get_future().wait();
      }
    }
    ~Busy() { release(); }
    void release() {
      released_ = true;
      for (auto& done : done_) {
        if (done.valid()) done.get();
      }
    }

   private:
    std::atomic<bool> released_ = false;
    std::vector<std::future<void>> done_;
  };
};

TEST_F(FormsTest, AHeavySchemaHoldsUpNoChat) {
  Busy busy(assistant_->constraints());
  std::vector<std::unique_ptr<TestClient>> heavy;
  for (const char* pattern : {"[a-z]{3}", "[a-z]{4}", "[a-z]{5}", "[a-z]{6}"}) {
    heavy.push_back(std::make_unique<TestClient>(app_->port()));
    heavy.back()->send_request("POST", "/v1/chat/completions", held(pattern).dump());
  }
  wait_until([&] { return stats().waiting == 4; });
  EXPECT_EQ(post("/v1/chat/completions", plain()).status, 200);
  EXPECT_EQ(post("/tokenize", {{"prompt", "x"}}).status, 200);
  EXPECT_EQ(TestClient(app_->port()).request("GET", "/api/config").status, 200);
  EXPECT_EQ(stats().waiting, 4);  // those are still where they were
  busy.release();
  for (auto& client : heavy) EXPECT_EQ(client->read_reply().status, 200);
}

TEST_F(FormsTest, AreCompiledOnceForAllWhoAsk) {
  const Json schema = {
      {"type", "object"}, {"properties", {{"ok", {{"type", "boolean"}}}}}, {"required", {"ok"}}};
  Json body = plain();
  body["max_tokens"] = 30;
  body["response_format"] = {{"type", "json_schema"},
                             {"json_schema", {{"name", "x"}, {"schema", schema}}}};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(post("/v1/chat/completions", body).status, 200);
  EXPECT_EQ(stats().compiled, 1u);
  EXPECT_EQ(stats().found, 2u);
  body.erase("response_format");
  body["guided_json"] = schema;  // the same by another name
  EXPECT_EQ(post("/v1/chat/completions", body).status, 200);
  EXPECT_EQ(stats().found, 3u);

  Busy busy(assistant_->constraints());
  TestClient one(app_->port()), two(app_->port());
  for (TestClient* client : {&one, &two})
    client->send_request("POST", "/v1/chat/completions", held("b+").dump());
  wait_until([&] { return stats().joined == 1; });
  busy.release();
  EXPECT_EQ(one.read_reply().status, 200);
  EXPECT_EQ(two.read_reply().status, 200);
  EXPECT_EQ(stats().compiled, 4u);  // busy's two among them
}

TEST_F(FormsTest, AreGivenUpWhenTheirClientGoes) {
  Busy busy(assistant_->constraints());
  TestClient stays(app_->port()), goes(app_->port());
  stays.send_request("POST", "/v1/chat/completions", held("c+").dump());
  goes.send_request("POST", "/v1/chat/completions", held("d+").dump());
  wait_until([&] { return stats().waiting == 2; });
  goes.close();
  wait_until([&] { return stats().waiting == 1; });
  EXPECT_EQ(stats().given_up, 1u);
  busy.release();
  EXPECT_EQ(stays.read_reply().status, 200);
}

TEST_F(FormsTest, AClientMayHaveOnlySoManyCompiled) {
  Busy busy(assistant_->constraints());
  const int most = engine::ConstraintCompiler::Options().per_client;
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < most; ++i) {
    clients.push_back(std::make_unique<TestClient>(app_->port()));
    clients.back()->send_request("POST", "/v1/chat/completions",
                                 held("e{" + std::to_string(i + 1) + "}").dump());
  }
  wait_until([&] { return stats().waiting == most; });
  const Reply refused = post("/v1/chat/completions", held("f"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_TRUE(refused.headers.contains("retry-after"));
  EXPECT_EQ(refused.json()["error"]["type"], "rate_limit_error");
  EXPECT_EQ(refused.json()["error"]["message"],
            "too many schemas and grammars wait to be compiled (wait for their answers first; one "
            "that was compiled before is free)");
  EXPECT_EQ(post("/v1/chat/completions", plain()).status, 200);
  TestClient other(app_->port());  // somebody else, from the same address
  other.send_request("POST", "/v1/chat/completions", held("f").dump(),
                     {{"Authorization", "Bearer other"}});
  wait_until([&] { return stats().waiting == most + 1; });
  busy.release();
  EXPECT_EQ(other.read_reply().status, 200);
  for (auto& client : clients) EXPECT_EQ(client->read_reply().status, 200);
}

TEST_F(FormsTest, WhatIsNoneIsRefusedByTheFieldThatAskedForIt) {
  const auto param = [&](const Json& changes) {
    Json body = plain();
    body.update(changes);
    const Reply reply = post("/v1/chat/completions", body);
    EXPECT_EQ(reply.status, 400) << reply.body;
    EXPECT_EQ(reply.json()["error"]["code"], "invalid_value");
    return reply.json()["error"]["param"].get<std::string>();
  };
  const Json bad = {{"type", "no such type"}};
  EXPECT_EQ(param({{"guided_regex", "("}}), "guided_regex");
  EXPECT_EQ(param({{"guided_json", bad}}), "guided_json");
  EXPECT_EQ(param({{"guided_grammar", "root ::="}}), "guided_grammar");
  EXPECT_EQ(param({{"guided_choice", Json::array()}}), "guided_choice");
  EXPECT_EQ(
      param({{"response_format", {{"type", "json_schema"}, {"json_schema", {{"schema", bad}}}}}}),
      "response_format.json_schema.schema");
  const Json tool = {{"type", "function"}, {"function", {{"name", "f"}, {"parameters", bad}}}};
  EXPECT_EQ(param({{"tools", {tool}}, {"tool_choice", "required"}}), "tool_choice");
}

TEST_F(FormsTest, AServerThatEndsWaitsForNone) {
  auto busy = std::make_unique<Busy>(assistant_->constraints());
  TestClient client(app_->port());
  client.send_request("POST", "/v1/chat/completions", held("g+").dump());
  wait_until([&] { return stats().waiting == 1; });
  app_.reset();  // must neither hang nor crash
  EXPECT_EQ(stats().waiting, 0);
  EXPECT_FALSE(client.read_reply().complete);
}

}  // namespace forms_test
}  // namespace parley::server
