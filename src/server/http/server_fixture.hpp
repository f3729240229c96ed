// For tests: the whole server on a free port, over a scripted model and a store in memory.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>

#include "chat/model/scripted_model.hpp"
#include "server/app.hpp"
#include "server/http/test_client.hpp"

namespace parley::server {

// Polls until `done` or, after ten seconds, a failure.
template <typename Done>
void wait_until(Done done) {
  for (int i = 0; i < 2000; ++i) {
    if (done()) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  ADD_FAILURE() << "waited in vain";
}

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override { start(); }
  void TearDown() override { stop(); }

  void stop() {
    app_.reset();
    assistant_.reset();
    model_.reset();
  }
  void start(chat::ScriptedModel::Options model_options = {}) {
    stop();
    if (!store_) store_ = store::open_memory_store();
    model_ = std::make_unique<chat::ScriptedModel>(model_options);
    chat::ReplySettings defaults;
    defaults.max_tokens = 1'000'000;  // replies end when the script does
    assistant_ = std::make_unique<chat::Assistant>(
        *model_, *store_, persona_, defaults,
        chat::talking_pipeline(*model_, *store_, persona_.system_prompt));
    options_.http.port = 0;
    options_.version = "1.2.3";
    app_ = std::make_unique<App>(*assistant_, bundles_, options_);
  }
  int port() const { return app_->port(); }
  Reply get(const std::string& path) { return TestClient(port()).request("GET", path); }
  Reply complete(const Json& body) {
    return TestClient(port()).request("POST", "/v1/chat/completions", body.dump());
  }
  static Json says(const std::string& text) {
    return {{"model", "scripted"}, {"messages", {{{"role", "user"}, {"content", text}}}}};
  }
  double metric(const std::string& name) {
    const std::string text = get("/metrics").body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }

  AppOptions options_;
  chat::Persona persona_;
  std::vector<web::Bundle> bundles_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<chat::ScriptedModel> model_;
  std::unique_ptr<chat::Assistant> assistant_;
  std::unique_ptr<App> app_;
};

}  // namespace parley::server
