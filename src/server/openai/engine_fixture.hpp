// For tests: the whole server on a free port, over the engine with a small random model, and a pool
// of two more.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "chat/model/local_model.hpp"
#include "package/test_model.hpp"
#include "server/http/server_fixture.hpp"

namespace parley::server {

// Turns and tools as Hermes' and Qwen's templates write them, reasoning first.
inline constexpr const char* kHermesTemplate =
    "{% if tools %}<tool_call>{% for t in tools %}{{ t.function.name }}{% endfor %}{% endif %}"
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: <think>\n{% endif %}";
// As Mistral's do.
inline constexpr const char* kMistralTemplate =
    "{% for m in messages %}[INST]{{ m.content }}[/INST]{% endfor %}{% if tools %}[TOOL_CALLS]"
    "{% endif %}";

inline std::unique_ptr<chat::LocalModel> tiny_model(const std::filesystem::path& folder,
                                                    const char* name, const char* chat_template) {
  return std::make_unique<chat::LocalModel>(
      engine::Engine::load(package::ModelPackage(folder), {}), name,
      std::make_shared<text::ChatTemplate>(chat_template, "template"));
}

class EngineServerTest : public ::testing::Test {
 protected:
  EngineServerTest() {
    test::write_random_model(dir_.path() / "model");
    test::write_random_model(dir_.path() / "other", 2);
    start(kHermesTemplate);
  }
  void start(const char* chat_template) {
    app_.reset();
    assistant_.reset();
    pool_.reset();
    model_ = tiny_model(dir_.path() / "model", "tiny", chat_template);
    pool_ = std::make_unique<chat::ModelPool>(
        std::map<std::string, chat::ModelPool::Known>{{"other", {dir_.path() / "other", 1000}},
                                                      {"broken", {dir_.path() / "nothing", 1000}}},
        std::size_t{1} << 30, [](const std::string& name, const chat::ModelPool::Known& known) {
          return tiny_model(known.path, name.c_str(), kHermesTemplate);
        });
    store_ = store::open_memory_store();
    assistant_ = std::make_unique<chat::Assistant>(*model_, *store_, chat::Persona{},
                                                   chat::default_settings(chat::ReplyDefaults{}),
                                                   chat::talking_pipeline(*model_, *store_, ""));
    AppOptions options;
    options.http.port = 0;
    options.pool = pool_.get();
    app_ = std::make_unique<App>(*assistant_, std::span<const web::Bundle>{}, options);
  }
  Reply post(const std::string& path, const Json& body) {
    return TestClient(app_->port()).request("POST", path, body.dump());
  }

  test::TempDir dir_;
  std::unique_ptr<chat::LocalModel> model_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<chat::ModelPool> pool_;
  std::unique_ptr<chat::Assistant> assistant_;
  std::unique_ptr<App> app_;
};

}  // namespace parley::server
