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

// A message of so many tokens, of the model's context of 256.
std::string words(int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += " the";
  return out;
}

TEST(LocalModel, WhatFitsIsReadWholeAndTheReplyGetsWhatIsLeft) {
  const test::TempDir dir;
  test::write_random_model(dir.path());
  const auto model = load_local_model(package::ModelPackage(dir.path()), "m", {});
  const auto ask = [&](std::vector<text::ChatMessage> messages, bool may_leave_out) {
    ChatRequest request;
    request.messages = std::move(messages);
    request.may_leave_out = may_leave_out;
    request.max_tokens = 1000;
    std::promise<engine::Update> done;
    const auto reply = model->start(request, [&](const engine::Update& update) {
      if (update.finished) done.set_value(update);
    });
    return std::make_pair(done.get_future().get(), reply->left_out());
  };
  const auto one = ask({{"user", words(240)}}, false).first;
  EXPECT_GT(one.prompt_tokens, 240);
  EXPECT_LE(one.reply_tokens, 256 - one.prompt_tokens);
  const std::vector<text::ChatMessage> chat = {
      {"user", words(100)}, {"assistant", words(100)}, {"user", words(20)}};
  EXPECT_GT(ask(chat, false).first.prompt_tokens, 220);
  const auto [update, left_out] = ask(chat, true);
  EXPECT_EQ(left_out, 2u);
  EXPECT_LT(update.prompt_tokens, 30);
  EXPECT_GT(ask({{"user", words(240)}}, true).first.prompt_tokens, 240);
  for (const bool may_leave_out : {false, true}) {
    try {
      ask({{"user", words(300)}}, may_leave_out);
      ADD_FAILURE() << "accepted";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kContextLength);
    }
  }
}

}  // namespace local_model_test
}  // namespace parley::chat
