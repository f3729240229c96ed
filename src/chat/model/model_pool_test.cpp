#include "chat/model/model_pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <optional>

#include "chat/model/scripted_model.hpp"

namespace parley::chat {
namespace model_pool_test {

class ModelPoolTest : public ::testing::Test {
 protected:
  // Models of 40 bytes each, in a budget of 100; "bad" cannot be loaded, "huge" never fits.
  void start() {
    std::map<std::string, ModelPool::Known> known;
    for (const char* name : {"a", "b", "c", "bad"}) known[name] = {name, 40};
    known["huge"] = {"huge", 101};
    pool_ = std::make_unique<ModelPool>(
        known, 100,
        [this](const std::string& name, const ModelPool::Known&) -> std::unique_ptr<ChatModel> {
          ++loads_;
          if (name == "bad") fail(ErrorKind::kInvalidInput, "bad: cannot be read");
          return std::make_unique<ScriptedModel>();
        });
    pool_->patience = std::chrono::milliseconds(200);
  }
  struct Got {
    ModelLease lease;
    std::optional<Error> error;
  };
  Got get(const std::string& name) {
    auto promise = std::make_shared<std::promise<Got>>();
    pool_->with(name, [promise](ModelLease lease, const Error* error) {
      promise->set_value({std::move(lease), error ? std::optional<Error>(*error) : std::nullopt});
    });
    return promise->get_future().get();
  }
  std::string loaded() const {
    std::string out;
    for (const auto& each : pool_->list()) out += each.loaded ? each.name : "";
    return out;
  }
  std::atomic<int> loads_ = 0;
  std::unique_ptr<ModelPool> pool_;
};

TEST_F(ModelPoolTest, LoadsOnceAndDropsTheOneUsedLongestAgo) {
  start();
  EXPECT_EQ(loaded(), "");
  EXPECT_TRUE(get("a").lease);
  EXPECT_TRUE(get("b").lease);
  EXPECT_TRUE(get("a").lease);
  EXPECT_EQ(loads_, 2);
  EXPECT_EQ(loaded(), "ab");
  EXPECT_TRUE(get("c").lease);
  EXPECT_EQ(loaded(), "ac");
}

TEST_F(ModelPoolTest, KeepsWhatIsInUse) {
  start();
  const auto a = get("a");
  auto b = get("b");
  const auto refused = get("c");
  ASSERT_TRUE(refused.error);
  EXPECT_EQ(refused.error->kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(loaded(), "ab");
  pool_->patience = std::chrono::seconds(60);
  auto later = std::async(std::launch::async, [&] { return get("c"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  b.lease.reset();  // makes room
  EXPECT_TRUE(later.get().lease);
  EXPECT_EQ(loaded(), "ac");
}

TEST_F(ModelPoolTest, TellsWhatIsWrong) {
  start();
  EXPECT_EQ(get("bad").error->message(), "bad: cannot be read");
  EXPECT_EQ(get("huge").error->kind(), ErrorKind::kLimit);
  EXPECT_EQ(loaded(), "");
}

TEST_F(ModelPoolTest, EndsWhileModelsAreInUse) {
  start();
  std::promise<void> ended;
  {
    auto a = get("a");
    // As the engine's callbacks do: the lease goes when the reply ends.
    static ChatReply* reply;  // its model goes first, so it is never destroyed
    ChatRequest request;
    request.messages = {{"user", "count 100000"}};
    reply = a.lease
                ->start(request,
                        [lease = a.lease, &ended](const engine::Update& update) {
                          if (update.finished) ended.set_value();
                        })
                .release();
  }
  pool_.reset();
  ended.get_future().get();
}

// The wait counts from the request, not from when its turn comes; and nobody waits for a pool that
// ends.
TEST_F(ModelPoolTest, WaitsTogetherAndNotPastTheEnd) {
  start();
  const auto a = get("a"), b = get("b");
  const auto before = std::chrono::steady_clock::now();
  std::vector<std::future<Got>> waiting;
  for (int i = 0; i < 10; ++i)
    waiting.push_back(std::async(std::launch::async, [&] { return get("c"); }));
  for (auto& each : waiting) EXPECT_TRUE(each.get().error);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1000));
  pool_->patience = std::chrono::seconds(60);
  auto last = std::async(std::launch::async, [&] { return get("c"); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  pool_->stop();
  EXPECT_EQ(last.get().error->kind(), ErrorKind::kUnavailable);
  EXPECT_EQ(get("c").error->kind(), ErrorKind::kUnavailable);
}

TEST_F(ModelPoolTest, ManyAtOnce) {
  start();
  pool_->patience = std::chrono::seconds(60);
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        const auto got = get(std::string(1, static_cast<char>('a' + (t + i) % 3)));
        ASSERT_TRUE(got.lease);
        EXPECT_EQ(got.lease->name(), "scripted");
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::size_t bytes = 0;
  for (const auto& each : pool_->list()) bytes += each.loaded ? each.bytes : 0;
  EXPECT_LE(bytes, 100u);
}

}  // namespace model_pool_test
}  // namespace parley::chat
