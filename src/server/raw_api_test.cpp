// The endpoints that speak to an engine, over HTTP, with a small random model behind them.
#include <cmath>

#include "chat/local_model.hpp"
#include "engine/test_model.hpp"
#include "server/server_fixture.hpp"

namespace parley::server {
namespace {

class RawApiTest : public ::testing::Test {
 protected:
  RawApiTest() {
    test::write_random_model(dir_.path() / "model");
    auto engine = engine::Engine::load(dir_.path() / "model", {});
    model_ = std::make_unique<chat::LocalModel>(std::move(engine), "tiny");
    store_ = store::open_memory_store();
    assistant_ = std::make_unique<chat::Assistant>(*model_, *store_, Persona{},
                                                   chat::default_settings(ServeSettings{}));
    AppOptions options;
    options.http.port = 0;
    app_ = std::make_unique<App>(*assistant_, std::span<const web::EmbeddedFile>{}, options);
  }
  Reply post(const std::string& path, const Json& body) {
    return TestClient(app_->port()).request("POST", path, body.dump());
  }

  test::TempDir dir_;
  std::unique_ptr<chat::LocalModel> model_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<chat::Assistant> assistant_;
  std::unique_ptr<App> app_;
};

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
  const Json schema = {
      {"type", "object"}, {"properties", {{"ok", {{"type", "boolean"}}}}}, {"required", {"ok"}}};
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

}  // namespace
}  // namespace parley::server
