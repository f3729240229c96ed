// What serving does to save time and memory may not change a token: prefix sharing, speculation,
// eviction and setting back, scoring, constraints.
#include <gtest/gtest.h>

#include <future>
#include <map>
#include <mutex>
#include <thread>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/json.hpp"
#include "engine/engine.hpp"
#include "engine/grammar_constraint.hpp"
#include "nn/model/kv_cache.hpp"
#include "package/test_model.hpp"

namespace parley::engine {
namespace serving_exactness_test {

using text::TokenId;

const std::filesystem::path& model_folder() {
  static const test::TempDir dir;
  static const auto path = dir.path() / "model";
  static const bool written = (test::write_random_model(path), true);
  (void)written;
  return path;
}

struct Reply {
  std::vector<TokenId> tokens;
  std::vector<TokenLogprobs> logprobs, prompt_logprobs;
  std::string text;
  Update last;
};

std::future<Reply> start(Engine& engine, Request request) {
  auto promise = std::make_shared<std::promise<Reply>>();
  auto reply = std::make_shared<Reply>();
  engine.submit(std::move(request), [promise, reply](const Update& update) {
    reply->tokens.insert(reply->tokens.end(), update.tokens.begin(), update.tokens.end());
    reply->logprobs.insert(reply->logprobs.end(), update.logprobs.begin(), update.logprobs.end());
    if (!update.prompt_logprobs.empty()) reply->prompt_logprobs = update.prompt_logprobs;
    reply->text += update.text;
    if (update.finished) {
      reply->last = update;
      promise->set_value(*reply);
    }
  });
  return promise->get_future();
}

// Prompts that share beginnings, at block borders and within blocks; some greedy, whose replies
// repeat themselves and so are guessed well.
Request request_number(int i) {
  std::mt19937 random(99);
  Request request;
  for (int n = 0; n < 150; ++n) request.prompt.push_back(static_cast<TokenId>(random() % 250));
  static constexpr int kShared[] = {150, 128, 100, 64, 63, 20, 129, 70};
  request.prompt.resize(static_cast<std::size_t>(kShared[i % 8]));
  std::mt19937 own(static_cast<unsigned>(i));
  for (int n = 0; n < 5 + i % 7; ++n) request.prompt.push_back(static_cast<TokenId>(own() % 250));
  request.sampling.temperature = i % 3 == 0 ? 0.0f : 0.9f;
  request.sampling.top_p = 0.9f;
  request.sampling.seed = static_cast<std::uint64_t>(i);
  request.max_tokens = 50;
  request.logprobs = i % 4 == 1 ? 2 : -1;
  return request;
}

std::map<int, Reply> run(const Options& options, int requests, Stats* stats = nullptr,
                         const package::ModelPackage* draft = nullptr) {
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options, draft);
  std::map<int, std::future<Reply>> running;
  std::map<int, Reply> out;
  for (int i = 0; i < requests; ++i) running[i] = start(*engine, request_number(i));
  for (auto& [i, reply] : running) out[i] = reply.get();
  if (stats) *stats = engine->stats();
  return out;
}

void expect_same(const std::map<int, Reply>& a, const std::map<int, Reply>& b) {
  for (const auto& [i, reply] : a) {
    EXPECT_EQ(reply.tokens, b.at(i).tokens) << "request " << i;
    ASSERT_EQ(reply.logprobs.size(), b.at(i).logprobs.size()) << "request " << i;
    for (std::size_t t = 0; t < reply.logprobs.size(); ++t) {
      EXPECT_EQ(reply.logprobs[t].logprob, b.at(i).logprobs[t].logprob);
      EXPECT_EQ(reply.logprobs[t].top, b.at(i).logprobs[t].top);
    }
  }
}

class ServingExactness : public ::testing::Test {
 protected:
  static Options plain() {
    Options options;
    options.threads = 1;
    options.max_concurrent = 1;
    options.prefix_cache = false;
    options.speculation = 0;
    return options;
  }
  static const std::map<int, Reply>& right() {
    static const auto replies = run(plain(), 24);
    return replies;
  }
};

TEST_F(ServingExactness, PrefixSharingChangesNothing) {
  for (const int concurrent : {1, 8}) {
    Options options = plain();
    options.prefix_cache = true;
    options.max_concurrent = concurrent;
    Stats stats;
    expect_same(right(), run(options, 24, &stats));
    EXPECT_GT(stats.cached_tokens, 500u) << "nothing was shared";
  }
}

TEST_F(ServingExactness, SpeculationChangesNothing) {
  for (const int concurrent : {1, 4}) {
    Options options = plain();
    options.speculation = 7;
    options.max_concurrent = concurrent;
    options.threads = 2;
    Stats stats;
    expect_same(right(), run(options, 24, &stats));
    EXPECT_GT(stats.draft_accepted, 0u) << "nothing was guessed";
  }
}

// The best guesser there is, the model itself, and the worst, another model.
TEST_F(ServingExactness, ADraftModelChangesNothing) {
  const test::TempDir dir;
  test::write_random_model(dir.path() / "other", 2);
  for (const bool itself : {true, false}) {
    const package::ModelPackage draft(itself ? model_folder() : dir.path() / "other");
    for (const int concurrent : {1, 3, 8}) {
      Options options = plain();
      options.speculation = concurrent == 3 ? 4 : 0;
      options.max_concurrent = concurrent;
      options.threads = 2;
      if (concurrent == 3) {
        const auto config = nn::read_model_config(model_folder() / "config.json");
        options.kv_memory = 7 * nn::KvCache::block_bytes(config, false);
      }
      Stats stats;
      expect_same(right(), run(options, 24, &stats, &draft));
      EXPECT_GT(stats.drafted, 0u);
      if (itself && concurrent == 1) {
        EXPECT_EQ(stats.draft_accepted, stats.drafted);
        // It costs as much as it saves, so guesses are few: one or two tries a request.
        EXPECT_GT(stats.drafted, 24u);
      }
    }
  }
}

TEST_F(ServingExactness, ADraftModelKeepsToTheGrammar) {
  const auto grammar = compile_json_schema(Json::parse(
      R"({"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "integer"}},
          "required": ["a", "b"]})"));
  std::vector<Reply> replies;
  for (const bool drafted : {false, true}) {
    const package::ModelPackage model(model_folder());
    const auto engine = Engine::load(model, plain(), drafted ? &model : nullptr);
    const auto end = engine->tokenizer().special(text::kEnd);
    const auto table =
        std::make_shared<const TokenTable>(engine->tokenizer(), std::vector<TokenId>{end});
    Request request = request_number(4);
    request.constraint = std::make_shared<GrammarConstraint>(grammar, table);
    request.stop_tokens = {end};
    request.max_tokens = 80;
    replies.push_back(start(*engine, std::move(request)).get());
    if (drafted) EXPECT_GT(engine->stats().draft_accepted, 0u);
  }
  EXPECT_EQ(replies[0].tokens, replies[1].tokens);
}

TEST_F(ServingExactness, ADraftModelMustSpeakTheSameTokens) {
  const test::TempDir dir;
  test::write_random_model(dir.path() / "other", 2);
  const auto file = dir.path() / "other" / "tokenizer.json";
  Json json = read_json_file(file);
  auto& vocabulary = json["model"]["vocab"];
  const Json first = vocabulary["!"];
  vocabulary["!"] = vocabulary["#"];
  vocabulary["#"] = first;
  write_file_atomically(file, json.dump());
  const package::ModelPackage draft(dir.path() / "other");
  try {
    Engine::load(package::ModelPackage(model_folder()), plain(), &draft);
    FAIL() << "loaded";
  } catch (const Error& e) {
    EXPECT_NE(e.message().find("other tokens: token "), std::string::npos) << e.message();
  }
}

TEST_F(ServingExactness, LittleMemoryChangesNothing) {
  const auto config = nn::read_model_config(model_folder() / "config.json");
  for (const bool prefix_cache : {false, true}) {
    Options options = plain();
    options.max_concurrent = 8;
    options.prefix_cache = prefix_cache;
    options.speculation = 3;
    options.kv_memory = 7 * nn::KvCache::block_bytes(config, false);  // two requests' worth
    Stats stats;
    expect_same(right(), run(options, 24, &stats));
    EXPECT_GT(stats.preempted, 0u) << "memory sufficed";
    EXPECT_EQ(stats.kv_blocks, 7);
  }
}

TEST_F(ServingExactness, EveryBatchSizeGivesTheSame) {
  for (const int concurrent : {2, 3, 5, 13, 24, 33}) {
    Options options;
    options.max_concurrent = concurrent;
    options.threads = 2;
    options.prefill_chunk = 1 + 37 * concurrent % 100;
    expect_same(right(), run(options, 24));
  }
}

TEST_F(ServingExactness, ScoringAPromptGivesWhatSamplingSaw) {
  const auto engine = Engine::load(package::ModelPackage(model_folder()), {});
  Request first = request_number(1);
  first.logprobs = 3;
  const Reply reply = start(*engine, first).get();
  Request whole = first;
  whole.prompt.insert(whole.prompt.end(), reply.tokens.begin(), reply.tokens.end());
  whole.max_tokens = 0;
  whole.prompt_logprobs = true;
  const Reply scored = start(*engine, whole).get();
  ASSERT_EQ(scored.prompt_logprobs.size(), whole.prompt.size() - 1);
  EXPECT_EQ(scored.last.reason, FinishReason::kStop);
  for (std::size_t i = 0; i < reply.tokens.size(); ++i) {
    const TokenLogprobs& a = scored.prompt_logprobs[first.prompt.size() - 1 + i];
    EXPECT_EQ(a.token, reply.tokens[i]);
    EXPECT_EQ(a.logprob, reply.logprobs[i].logprob) << i;
    EXPECT_EQ(a.top, reply.logprobs[i].top) << i;
  }
}

TEST_F(ServingExactness, EmbeddingsDoNotDependOnCompany) {
  const auto embed = [](Engine& engine, int i, nn::Pooling pooling) {
    Request request = request_number(i);
    request.embed = true;
    request.pooling = pooling;
    return start(engine, std::move(request));
  };
  for (const nn::Pooling pooling : {nn::Pooling::kLast, nn::Pooling::kMean, nn::Pooling::kFirst}) {
    Options options = plain();
    const auto alone = Engine::load(package::ModelPackage(model_folder()), options);
    options.max_concurrent = 8, options.threads = 2, options.prefix_cache = true;
    options.prefill_chunk = 40;
    const auto together = Engine::load(package::ModelPackage(model_folder()), options);
    std::vector<std::future<Reply>> running;
    for (int i = 0; i < 8; ++i) running.push_back(embed(*together, i, pooling));
    for (int i = 0; i < 8; ++i) {
      const auto a = embed(*alone, i, pooling).get().last.embedding;
      EXPECT_EQ(a.size(), 96u);
      EXPECT_EQ(a, running[static_cast<std::size_t>(i)].get().last.embedding);
    }
  }
}

TEST_F(ServingExactness, ConstraintsHoldWithGuessesToo) {
  const auto tokenizer = text::load_tokenizer(model_folder());
  const auto table = std::make_shared<const TokenTable>(
      *tokenizer, std::vector<TokenId>{tokenizer->special(text::kEnd)});
  const auto grammar = compile_regex("(ab|ac)*the end");
  std::vector<std::string> seen;
  for (const int speculation : {0, 6}) {
    Options options = plain();
    options.speculation = speculation;
    const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
    Request request = request_number(2);
    request.stop_tokens = {tokenizer->special(text::kEnd)};
    request.max_tokens = 60;
    request.constraint = std::make_shared<GrammarConstraint>(grammar, table);
    const Reply reply = start(*engine, std::move(request)).get();
    ASSERT_NE(reply.last.reason, FinishReason::kError) << reply.last.error;
    EXPECT_EQ(reply.text.find_first_not_of("abcthe nd"), std::string::npos) << reply.text;
    seen.push_back(reply.text);
  }
  EXPECT_EQ(seen[0], seen[1]);
}

TEST(Serving, KeysShareFairlyAndPrioritiesGoFirst) {
  Options options;
  options.max_concurrent = 1;
  options.threads = 1;
  options.max_queue = 100;
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
  std::mutex mutex;
  std::vector<std::string> order;
  std::vector<std::future<void>> done;
  // The first request holds the engine until all others wait.
  std::promise<void> all_sent;
  const std::shared_future<void> go = all_sent.get_future().share();
  const auto send = [&](const std::string& key, int priority) {
    Request request = request_number(3);
    request.key = key;
    request.priority = priority;
    request.max_tokens = 20;
    auto promise = std::make_shared<std::promise<void>>();
    done.push_back(promise->get_future());
    engine->submit(std::move(request), [&, key, go, promise](const Update& update) {
      go.wait();
      if (!update.finished) return;
      const std::lock_guard lock(mutex);
      order.push_back(key);
      promise->set_value();
    });
  };
  for (int i = 0; i < 10; ++i) send("greedy", 0);
  send("modest", 0);
  send("urgent", 5);
  all_sent.set_value();
  for (auto& each : done) each.get();
  const auto place = [&](const std::string& key) {
    return std::find(order.begin(), order.end(), key) - order.begin();
  };
  EXPECT_LE(place("urgent"), 1);  // next after the one that held the engine
  EXPECT_LE(place("modest"), 3);
}

TEST(Serving, ADeadlineEndsARequest) {
  Options options;
  options.max_concurrent = 1;
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
  // The first reply's pieces take longer than any deadline: it ends while running, the others while
  // they wait.
  Request request = request_number(0);
  request.max_tokens = 100;
  request.deadline = std::chrono::milliseconds(50);
  std::promise<FinishReason> first;
  engine->submit(request, [&](const Update& update) {
    if (update.finished) return first.set_value(update.reason);
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
  });
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 6; ++i) replies.push_back(start(*engine, request));
  EXPECT_EQ(first.get_future().get(), FinishReason::kDeadline);
  for (auto& reply : replies) {
    const Reply late = reply.get();
    EXPECT_EQ(late.last.reason, FinishReason::kDeadline);
    EXPECT_TRUE(late.tokens.empty());
  }
}

// What the memory for keys and values holds is the context.
TEST(Serving, APromptThatFitsIsReadWholeAndOneThatCanNotIsRefusedAtOnce) {
  const auto config = nn::read_model_config(model_folder() / "config.json");
  Options options;
  options.kv_memory = 2 * nn::KvCache::block_bytes(config, false);
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
  ASSERT_EQ(engine->model().context, 2 * nn::kKvBlock);
  Request request = request_number(0);  // about 155 tokens and 50 more: four blocks
  request.max_tokens = 50;
  const std::vector<text::TokenId> prompt = request.prompt;
  request.prompt.resize(2 * nn::kKvBlock - 3);
  const Reply reply = start(*engine, request).get();
  EXPECT_EQ(reply.last.prompt_tokens, 2 * nn::kKvBlock - 3);
  EXPECT_EQ(reply.last.reply_tokens, 3);
  EXPECT_EQ(reply.last.reason, FinishReason::kLength);
  request.prompt = prompt;
  try {
    engine->submit(request, [](const Update&) {});
    FAIL() << "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kContextLength);
  }
}

TEST(Engine, PoolsAsTheModelsMakersSay) {
  const test::TempDir dir;
  const auto folder = dir.path() / "model";
  test::write_random_model(folder);
  EXPECT_EQ(Engine::load(package::ModelPackage(folder), {})->model().pooling, nn::Pooling::kMean);
  std::filesystem::create_directories(folder / "1_Pooling");
  const auto say = [&](const char* text) {
    write_file_atomically(folder / "1_Pooling" / "config.json", text);
  };
  say(R"({"pooling_mode_cls_token": false, "pooling_mode_lasttoken": true})");
  EXPECT_EQ(Engine::load(package::ModelPackage(folder), {})->model().pooling, nn::Pooling::kLast);
  say(R"({"pooling_mode_cls_token": true})");
  EXPECT_EQ(Engine::load(package::ModelPackage(folder), {})->model().pooling, nn::Pooling::kFirst);
  say(R"({"pooling_mode_max_tokens": true})");
  EXPECT_THROW(Engine::load(package::ModelPackage(folder), {}), Error);
}

TEST(Engine, SpellsTheSpecialTokensItIsAskedTo) {
  const auto engine = Engine::load(package::ModelPackage(model_folder()), {});
  const TokenId special = engine->tokenizer().special(text::kUser);
  Request request = request_number(0);
  request.sampling.logit_bias = {{special, 1e6f}};
  request.max_tokens = 2;
  EXPECT_EQ(start(*engine, request).get().text, "");
  request.spelled_tokens = {special};
  EXPECT_EQ(start(*engine, request).get().text,
            std::string(text::kUser) + std::string(text::kUser));
}

}  // namespace serving_exactness_test
}  // namespace parley::engine
