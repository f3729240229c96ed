// The engine as a chat model: what its package says holds for its replies.
#include "chat/model/local_model.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/file.hpp"
#include "package/test_model.hpp"

namespace parley::chat {
namespace local_model_test {

engine::Update last_of(LocalModel& model, ChatRequest request, std::vector<text::TokenId>& tokens) {
  std::promise<engine::Update> done;
  request.messages = {{"user", "Hello there"}};
  request.sampling.temperature = 0;
  const auto reply = model.start(request, [&](const engine::Update& update) {
    tokens.insert(tokens.end(), update.tokens.begin(), update.tokens.end());
    if (update.finished) done.set_value(update);
  });
  return done.get_future().get();
}

TEST(LocalModel, EndsItsRepliesAtTheTokensThatGenerationConfigNames) {
  const test::TempDir dir;
  test::write_random_model(dir.path());
  ChatRequest request;
  request.max_tokens = 20;
  std::vector<text::TokenId> before, after;
  last_of(*load_local_model(package::ModelPackage(dir.path()), "m", {}), request, before);
  ASSERT_EQ(before.size(), 20u);
  const text::TokenId end = before[10];
  const auto first = std::ranges::find(before, end) - before.begin();
  write_file_atomically(dir.path() / "generation_config.json",
                        R"({"eos_token_id": [1, )" + std::to_string(end) + "]}");
  const auto model = load_local_model(package::ModelPackage(dir.path()), "m", {});
  const engine::Update last = last_of(*model, request, after);
  EXPECT_EQ(last.reason, engine::FinishReason::kStop);
  EXPECT_EQ(last.reply_tokens, first);
}

}  // namespace local_model_test
}  // namespace parley::chat
