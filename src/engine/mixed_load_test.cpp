// Many clients at once that ask, read, lose patience and leave: nothing may be lost, stuck or torn.
// Two seconds as part of the tests; PARLEY_LOAD_SECONDS=600 under a sanitizer for a long look.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "base/error.hpp"
#include "engine/engine.hpp"
#include "engine/grammar_constraint.hpp"
#include "nn/model/kv_cache.hpp"
#include "package/test_model.hpp"

namespace parley::engine {
namespace mixed_load_test {

using text::TokenId;

constexpr int kClients = 64;

class Client {
 public:
  Client(Engine& engine, GrammarPtr grammar, std::shared_ptr<const TokenTable> table, unsigned seed)
      : engine_(engine), grammar_(std::move(grammar)), table_(std::move(table)), random_(seed) {}

  // Counts of what became of its requests.
  std::atomic<int> finished{0}, cancelled{0}, refused{0}, failed{0};

  void run(std::chrono::steady_clock::time_point until) {
    while (std::chrono::steady_clock::now() < until) one();
  }

 private:
  Request make() {
    Request request;
    // A few common beginnings, so that blocks are shared, and evicted, and asked for again.
    std::mt19937 common(random_() % 5);
    for (unsigned n = random_() % 150; n > 0; --n)
      request.prompt.push_back(static_cast<TokenId>(common() % 250));
    request.prompt.push_back(static_cast<TokenId>(random_() % 250));
    request.sampling.temperature = random_() % 2 ? 0.0f : 0.8f;
    request.sampling.top_p = random_() % 2 ? 0.9f : 1.0f;
    request.sampling.seed = random_();
    request.max_tokens = 1 + static_cast<int>(random_() % 40);
    request.logprobs = random_() % 5 == 0 ? 3 : -1;
    request.key = "client " + std::to_string(random_() % 8);
    request.priority = static_cast<int>(random_() % 3);
    if (random_() % 10 == 0) request.deadline = std::chrono::milliseconds(1 + random_() % 50);
    request.prompt_logprobs = random_() % 12 == 0;
    request.embed = !request.prompt_logprobs && random_() % 12 == 0;
    if (!request.embed && random_() % 4 == 0) {
      request.constraint = std::make_shared<GrammarConstraint>(grammar_, table_);
      request.stop_tokens.assign(table_->end_tokens().begin(), table_->end_tokens().end());
    }
    return request;
  }

  void one() {
    struct State {
      std::promise<FinishReason> ended;
      std::atomic<bool> over{false};
    };
    auto state = std::make_shared<State>();
    RequestId id = 0;
    try {
      id = engine_.submit(make(), [state](const Update& update) {
        EXPECT_FALSE(state->over) << "an update after the last one";
        if (!update.finished) return;
        state->over = true;
        state->ended.set_value(update.reason);
      });
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kUnavailable) << e.message();
      ++refused;
      std::this_thread::sleep_for(std::chrono::milliseconds(1 + random_() % 5));
      return;
    }
    auto ended = state->ended.get_future();
    if (random_() % 3 == 0) {
      ended.wait_for(std::chrono::microseconds(random_() % 20000));
      engine_.cancel(id);
    }
    ASSERT_EQ(ended.wait_for(std::chrono::seconds(120)), std::future_status::ready) << "lost";
    switch (ended.get()) {
      case FinishReason::kCancelled:
        ++cancelled;
        break;
      case FinishReason::kError:
        ++failed;
        break;
      default:
        ++finished;
    }
  }

  Engine& engine_;
  GrammarPtr grammar_;
  std::shared_ptr<const TokenTable> table_;
  std::mt19937 random_;
};

TEST(MixedLoad, SixtyFourClientsThatComeAndGo) {
  const test::TempDir dir;
  const auto folder = dir.path() / "model";
  test::write_random_model(folder);
  const char* wanted = std::getenv("PARLEY_LOAD_SECONDS");
  const int seconds = wanted ? std::max(1, std::atoi(wanted)) : 2;

  Options options;
  options.threads = 2;
  options.max_concurrent = 12;
  options.max_queue = 40;  // fewer than there are clients: some are refused
  options.kv_memory =
      14 * nn::KvCache::block_bytes(nn::read_model_config(folder / "config.json"), false);
  const auto engine = Engine::load(package::ModelPackage(folder), options);
  const auto grammar = compile_json_schema(Json::parse(
      R"({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]})"));
  const auto table = std::make_shared<const TokenTable>(
      engine->tokenizer(), std::vector<TokenId>{engine->tokenizer().special(text::kEnd)});

  std::vector<std::unique_ptr<Client>> clients;
  std::vector<std::thread> threads;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  for (unsigned i = 0; i < kClients; ++i) {
    clients.push_back(std::make_unique<Client>(*engine, grammar, table, 1000 + i));
    threads.emplace_back([client = clients.back().get(), until] { client->run(until); });
  }
  for (std::thread& thread : threads) thread.join();
  int finished = 0, cancelled = 0, refused = 0, failed = 0;
  for (const auto& client : clients) {
    finished += client->finished, cancelled += client->cancelled;
    refused += client->refused, failed += client->failed;
  }
  // A client hears of its end a moment before the step that ended it does.
  Stats stats = engine->stats();
  for (int i = 0; i < 1000 && stats.running + stats.waiting > 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    stats = engine->stats();
  }
  std::printf("%d finished, %d cancelled, %d refused, %d failed; %llu set back, %llu shared\n",
              finished, cancelled, refused, failed,
              static_cast<unsigned long long>(stats.preempted),
              static_cast<unsigned long long>(stats.cached_tokens));
  EXPECT_EQ(failed, 0);
  EXPECT_GT(finished, 0);
  EXPECT_GT(cancelled, 0);
  EXPECT_EQ(stats.running, 0);
  EXPECT_EQ(stats.waiting, 0);
}

}  // namespace mixed_load_test
}  // namespace parley::engine
