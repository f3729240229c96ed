// The engine's promise: a row's logits and a request's tokens do not depend on kernels, threads,
// chunks or company.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <mutex>

#include "base/error.hpp"
#include "engine/engine.hpp"
#include "nn/model/forward.hpp"
#include "package/test_model.hpp"

namespace parley::engine {
namespace exactness_test {

using text::TokenId;

const std::filesystem::path& model_folder() {
  static const test::TempDir dir;
  static const bool written = (test::write_random_model(dir.path() / "model"), true);
  static const auto path = dir.path() / "model";
  (void)written;
  return path;
}

std::vector<TokenId> some_tokens(int n) {
  std::mt19937 random(7);
  std::vector<TokenId> out;
  for (int i = 0; i < n; ++i) out.push_back(static_cast<TokenId>(random() % 250));
  return out;
}

// Logits of every position, the prompt fed in pieces of the given sizes (the last repeats).
std::vector<float> all_logits(const nn::Kernels& kernels, int threads,
                              const std::vector<int>& chunks,
                              nn::Precision precision = nn::Precision::kInt8) {
  const auto model = nn::Model::load(model_folder(), {precision});
  ThreadTeam team(threads);
  nn::KvCache cache(model->config(), model->is_float32(), 16);
  nn::ForwardPass forward(*model, kernels, cache, team, 256, 256);
  nn::KvSequence sequence(cache);
  const auto tokens = some_tokens(150);
  sequence.reserve(static_cast<int>(tokens.size()));
  const auto vocabulary = static_cast<std::size_t>(model->config().vocabulary);
  std::vector<float> logits(tokens.size() * vocabulary);
  std::size_t at = 0;
  for (std::size_t chunk = 0; at < tokens.size(); ++chunk) {
    const auto size = static_cast<std::size_t>(chunks[std::min(chunk, chunks.size() - 1)]);
    std::vector<nn::Row> rows;
    for (std::size_t i = 0; i < size && at < tokens.size(); ++i, ++at) {
      rows.push_back({tokens[at], static_cast<int>(at), &sequence, true});
    }
    forward.run(rows);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::ranges::copy(
          forward.logits(static_cast<int>(i)),
          logits.begin() + static_cast<std::ptrdiff_t>((at - rows.size() + i) * vocabulary));
    }
  }
  return logits;
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

TEST(Exactness, KernelsThreadsAndChunksGiveTheSameLogits) {
  for (const auto precision :
       {nn::Precision::kInt8, nn::Precision::kInt4, nn::Precision::kFloat32}) {
    const auto reference = all_logits(nn::scalar_kernels(), 1, {150}, precision);
    for (const nn::Kernels* kernels : nn::available_kernels()) {
      for (const int threads : {1, 2, 3}) {
        for (const std::vector<int>& chunks : {std::vector<int>{150}, {1}, {64, 17, 1, 33}, {7}}) {
          ASSERT_TRUE(same_bits(reference, all_logits(*kernels, threads, chunks, precision)))
              << kernels->name << ", " << threads << " threads, first chunk " << chunks[0];
        }
      }
    }
  }
}

TEST(Exactness, Int8IsCloseToFloat32) {
  const auto exact = all_logits(nn::select_kernels(), 2, {150}, nn::Precision::kFloat32);
  const auto quick = all_logits(nn::select_kernels(), 2, {150});
  double error = 0, size = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    error += (exact[i] - quick[i]) * (exact[i] - quick[i]);
    size += exact[i] * exact[i];
  }
  EXPECT_LT(error / size, 4e-3);  // seen: 2.6e-3 with these random weights
}

struct Reply {
  std::vector<TokenId> tokens;
  std::string text;
  Update last;
};

std::future<Reply> start(Engine& engine, Request request) {
  auto promise = std::make_shared<std::promise<Reply>>();
  auto reply = std::make_shared<Reply>();
  engine.submit(std::move(request), [promise, reply](const Update& update) {
    reply->tokens.insert(reply->tokens.end(), update.tokens.begin(), update.tokens.end());
    reply->text += update.text;
    if (update.finished) {
      reply->last = update;
      promise->set_value(*reply);
    }
  });
  return promise->get_future();
}

Request request_number(int i) {
  Request request;
  request.prompt = some_tokens(5 + 23 * i);
  request.sampling.temperature = i % 2 ? 0.9f : 1.3f;
  request.sampling.top_p = i % 3 ? 0.9f : 1.0f;
  request.sampling.min_p = i % 4 == 1 ? 0.05f : 0.0f;
  request.sampling.top_k = i % 4 == 2 ? 12 : 0;
  request.sampling.repetition_penalty = i % 2 ? 1.2f : 1.0f;
  request.sampling.seed = 1000 + static_cast<std::uint64_t>(i);
  request.max_tokens = 40 + 3 * i;
  return request;
}

TEST(Exactness, AReplyAloneAndAmongSevenOthersIsTheSame) {
  std::vector<std::vector<TokenId>> alone;
  {
    Options options;
    options.threads = 1;
    const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
    for (int i = 0; i < 8; ++i) alone.push_back(start(*engine, request_number(i)).get().tokens);
  }
  for (const int threads : {1, 2}) {
    for (const int chunk : {256, 16, 3}) {
      Options options;
      options.threads = threads;
      options.prefill_chunk = chunk;
      const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
      std::vector<std::future<Reply>> replies;
      for (int i = 0; i < 8; ++i) replies.push_back(start(*engine, request_number(i)));
      for (int i = 0; i < 8; ++i) {
        const Reply reply = replies[i].get();
        EXPECT_EQ(reply.tokens, alone[i]) << "request " << i;
        EXPECT_EQ(reply.last.reason, FinishReason::kLength);
        EXPECT_EQ(reply.last.reply_tokens, 40 + 3 * i);
      }
    }
  }
}

TEST(Engine, MoreRequestsThanPlacesWaitTheirTurn) {
  Options options;
  options.max_concurrent = 3;
  options.max_queue = 100;
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
  std::vector<std::future<Reply>> replies;
  for (int i = 0; i < 40; ++i) replies.push_back(start(*engine, request_number(i % 8)));
  for (auto& reply : replies) EXPECT_EQ(reply.get().last.reason, FinishReason::kLength);
  EXPECT_EQ(engine->stats().requests, 40u);
}

TEST(Engine, AFullQueueRefuses) {
  Options options;
  options.max_concurrent = 1;
  options.max_queue = 2;
  const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
  std::vector<std::future<Reply>> replies;
  bool refused = false;
  for (int i = 0; i < 12 && !refused; ++i) {
    Request request = request_number(0);
    request.max_tokens = 200;
    try {
      replies.push_back(start(*engine, std::move(request)));
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kUnavailable);
      refused = true;
    }
  }
  EXPECT_TRUE(refused);
  for (auto& reply : replies) EXPECT_EQ(reply.get().last.reason, FinishReason::kLength);
}

TEST(Engine, CancelEndsARequestAndShutdownEndsThemAll) {
  std::vector<std::future<Reply>> replies;
  {
    Options options;
    options.max_concurrent = 2;
    const auto engine = Engine::load(package::ModelPackage(model_folder()), options);
    auto promise = std::make_shared<std::promise<FinishReason>>();
    Request request = request_number(0);
    request.max_tokens = 250;
    auto started = std::make_shared<std::promise<void>>();
    auto once = std::make_shared<std::once_flag>();
    // The reply waits in its first piece until it has been cancelled: it is quicker than this
    // thread.
    auto cancelled = std::make_shared<std::promise<void>>();
    const auto go_on = cancelled->get_future().share();
    const RequestId id = engine->submit(std::move(request), [=](const Update& update) {
      std::call_once(*once, [&] { started->set_value(); });
      go_on.wait();
      if (update.finished) promise->set_value(update.reason);
    });
    started->get_future().wait();
    engine->cancel(id);
    engine->cancel(id + 1000);
    cancelled->set_value();
    EXPECT_EQ(promise->get_future().get(), FinishReason::kCancelled);
    for (int i = 0; i < 6; ++i) {
      Request other = request_number(1);
      other.max_tokens = 220;
      replies.push_back(start(*engine, std::move(other)));
    }
  }
  for (auto& reply : replies) {
    const auto reason = reply.get().last.reason;
    EXPECT_TRUE(reason == FinishReason::kCancelled || reason == FinishReason::kLength);
  }
}

TEST(Engine, StopTokensAndStopTextEndAReply) {
  const auto engine = Engine::load(package::ModelPackage(model_folder()), {});
  Request request = request_number(1);
  const Reply whole = start(*engine, request).get();
  ASSERT_GT(whole.tokens.size(), 10u);
  request.stop_tokens = {whole.tokens[5]};
  const Reply by_token = start(*engine, request).get();
  const auto first = std::find(whole.tokens.begin(), whole.tokens.end(), whole.tokens[5]);
  EXPECT_EQ(by_token.tokens, std::vector<TokenId>(whole.tokens.begin(), first));
  EXPECT_EQ(by_token.last.reason, FinishReason::kStop);
  request.stop_tokens.clear();
  // Two whole characters from the middle: what the bytes between stand for is not text.
  std::size_t at = whole.text.size() / 3;
  const auto plain = [&](std::size_t i) { return static_cast<unsigned char>(whole.text[i]) < 128; };
  while (at + 1 < whole.text.size() && !(plain(at) && plain(at + 1))) ++at;
  ASSERT_LT(at + 1, whole.text.size());
  const std::string middle = whole.text.substr(at, 2);
  request.stop = {middle};
  const Reply by_text = start(*engine, request).get();
  EXPECT_EQ(by_text.text, whole.text.substr(0, whole.text.find(middle)));
  EXPECT_EQ(by_text.last.reason, FinishReason::kStop);
}

TEST(Engine, RefusesWhatDoesNotFit) {
  const auto engine = Engine::load(package::ModelPackage(model_folder()), {});
  Request request;
  EXPECT_THROW(engine->submit(request, [](const Update&) {}), Error);
  request.prompt.assign(256, 5);
  EXPECT_THROW(engine->submit(request, [](const Update&) {}), Error);
  request.prompt = {100000};
  EXPECT_THROW(engine->submit(request, [](const Update&) {}), Error);
  request.prompt.assign(250, 5);  // room for six tokens: the reply ends at the context
  request.max_tokens = 100;
  EXPECT_EQ(start(*engine, request).get().last.reply_tokens, 6);
}

TEST(Engine, DamagedFoldersAreErrors) {
  test::TempDir dir;
  EXPECT_THROW(Engine::load(package::ModelPackage(dir.path() / "none"), {}), Error);
  std::filesystem::copy(model_folder(), dir.path() / "m");
  std::filesystem::resize_file(dir.path() / "m" / "model.safetensors", 5000);
  EXPECT_THROW(Engine::load(package::ModelPackage(dir.path() / "m"), {}), Error);
}

}  // namespace exactness_test
}  // namespace parley::engine
