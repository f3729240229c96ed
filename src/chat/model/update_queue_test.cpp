#include "chat/model/update_queue.hpp"

#include <gtest/gtest.h>

#include <future>

#include "chat/task.hpp"

namespace parley::chat {
namespace update_queue_test {

Detached take(std::shared_ptr<UpdateQueue> queue, std::promise<engine::Update>& taken) {
  taken.set_value(co_await queue->next());
}

// A reader that is late gets several updates as one, and loses nothing of them.
TEST(UpdateQueue, JoinsWhatNobodyTookYet) {
  WorkQueue work(1);
  const auto queue = std::make_shared<UpdateQueue>(work);
  engine::Update update;
  update.text = "a", update.tokens = {1}, update.reply_tokens = 1;
  update.logprobs = {{1, -1.0f, {}}};
  update.prompt_logprobs = {{9, -2.0f, {}}};
  queue->push(update);
  update.text = "b", update.tokens = {2, 3}, update.reply_tokens = 3;
  update.logprobs = {{2, -1.5f, {}}, {3, -0.5f, {}}};
  update.prompt_logprobs.clear();
  update.finished = true;
  queue->push(update);
  std::promise<engine::Update> taken;
  take(queue, taken);
  const engine::Update all = taken.get_future().get();
  EXPECT_EQ(all.text, "ab");
  EXPECT_EQ(all.tokens, (std::vector<text::TokenId>{1, 2, 3}));
  ASSERT_EQ(all.logprobs.size(), 3u);
  EXPECT_EQ(all.logprobs[2].token, 3);
  EXPECT_EQ(all.prompt_logprobs.size(), 1u);
  EXPECT_EQ(all.reply_tokens, 3);
  EXPECT_TRUE(all.finished);
}

}  // namespace update_queue_test
}  // namespace parley::chat
