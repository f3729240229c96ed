// A reply replays to the same tokens and logit bits whatever computes it, and anything changed
// shows.
#include "engine/replay/replay.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <future>

#include "base/error.hpp"
#include "base/file.hpp"
#include "engine/replay/recorded_model.hpp"
#include "package/pack_model.hpp"
#include "package/test_model.hpp"

namespace parley::engine {
namespace replay_test {

using package::ModelPackage;
using ::testing::HasSubstr;
using text::TokenId;

struct Fixture {
  test::TempDir dir;
  std::filesystem::path folder = dir.path() / "model";
  Fixture() { test::write_random_model(folder); }
};

// A reply by the engine, batch, threads, speculation and all.
ReplayRecord recorded(const std::filesystem::path& folder, Sampling sampling,
                      std::vector<TokenId> stops, int most) {
  Options options;
  options.threads = 2;
  const auto engine = Engine::load(ModelPackage(folder), options);
  Request request;
  request.prompt = engine->tokenizer().encode("Hello there, the sea and the ship. I would like");
  request.sampling = std::move(sampling);
  request.stop_tokens = std::move(stops);
  request.max_tokens = most;
  ReplayRecord record;
  record.prompt = request.prompt;
  record.sampling = request.sampling;
  record.stop_tokens = request.stop_tokens;
  std::promise<bool> stopped;
  engine->submit(std::move(request), [&](const Update& update) {
    record.tokens.insert(record.tokens.end(), update.tokens.begin(), update.tokens.end());
    if (update.finished) stopped.set_value(update.reason == FinishReason::kStop);
  });
  complete_record(record, stopped.get_future().get(), ModelPackage(folder), {});
  return record;
}

std::string difference(const nn::Model& model, const ReplayRecord& record,
                       const nn::Kernels& kernels = nn::select_kernels(), int threads = 1,
                       int chunk = 16) {
  ThreadTeam team(threads);
  Replay replay(model, kernels, team, record, static_cast<int>(record.tokens.size()), chunk);
  while (replay.step()) {
  }
  return replay.difference();
}

Sampling warm() {
  Sampling s;
  s.temperature = 1.2f;
  s.top_p = 0.95f;
  s.repetition_penalty = 1.1f;
  s.presence_penalty = 0.2f;
  s.logit_bias = {{40, 0.5f}};
  s.seed = 77;
  return s;
}

TEST(Replay, VerifiesOnEveryKernelSetForAnyThreadsAndChunks) {
  const Fixture f;
  const ReplayRecord record = recorded(f.folder, warm(), {}, 80);
  ASSERT_EQ(record.tokens.size(), 80u);
  const auto model = load_recorded_model(record, ModelPackage(f.folder), 1);
  for (const nn::Kernels* kernels : nn::available_kernels()) {
    for (const int threads : {1, 3}) {
      for (const int chunk : {1, 7, 64, 1000})
        EXPECT_EQ(difference(*model, record, *kernels, threads, chunk), "") << kernels->name;
    }
  }
}

TEST(Replay, ThePackedModelIsTheSameModel) {
  const Fixture f;
  const ReplayRecord record = recorded(f.folder, warm(), {}, 20);
  const auto packed = f.dir.path() / "model.parley";
  EXPECT_EQ(package::pack_model(ModelPackage(f.folder), packed, {}), record.model);
  EXPECT_EQ(difference(*load_recorded_model(record, ModelPackage(packed), 1), record), "");
  const auto engine = Engine::load(ModelPackage(packed), {});
  const auto plain = Engine::load(ModelPackage(f.folder), {});
  EXPECT_EQ(engine->tokenizer().encode("the sea"), plain->tokenizer().encode("the sea"));
  EXPECT_EQ(engine->model().address, plain->model().address);
  EXPECT_THROW(package::pack_model(ModelPackage(f.folder), packed, {}), Error) << "exists";
  EXPECT_THROW(package::pack_model(ModelPackage(packed), f.dir.path() / "again.parley", {}), Error);
  EXPECT_THROW(package::pack_model(ModelPackage(f.folder), f.dir.path() / "model.bin", {}), Error);
}

TEST(Replay, TheStopTokenIsPartOfTheRecord) {
  const Fixture f;
  const ReplayRecord whole = recorded(f.folder, warm(), {}, 30);
  const TokenId stop = whole.tokens[20];
  const auto first = std::ranges::find(whole.tokens, stop) - whole.tokens.begin();
  const ReplayRecord record = recorded(f.folder, warm(), {stop}, 30);
  ASSERT_EQ(record.tokens.size(), static_cast<std::size_t>(first) + 1);
  EXPECT_EQ(record.tokens.back(), stop);
  EXPECT_EQ(difference(*load_recorded_model(record, ModelPackage(f.folder), 1), record), "");
}

TEST(Replay, EveryChangeShows) {
  const Fixture f;
  const ReplayRecord right = recorded(f.folder, warm(), {}, 24);
  const auto model = load_recorded_model(right, ModelPackage(f.folder), 1);
  ReplayRecord r = right;
  r.tokens[9] = (r.tokens[9] + 1) % 250;
  EXPECT_THAT(difference(*model, r), HasSubstr("token 10 is"));
  r = right;
  r.sampling.seed = 78;
  EXPECT_THAT(difference(*model, r), HasSubstr("in the record and"));
  r = right;
  r.prompt[0] = (r.prompt[0] + 1) % 250;
  EXPECT_THAT(difference(*model, r), HasSubstr("token 1 is"));
  r = right;
  r.steps[5][0] = r.steps[5][0] == '0' ? '1' : '0';
  EXPECT_THAT(difference(*model, r), HasSubstr("token 6 is the same, the logits"));
  r = right;
  r.hash[63] = r.hash[63] == '0' ? '1' : '0';
  EXPECT_THAT(difference(*model, r), HasSubstr("the final hash is"));
  r = right;
  r.tokens.push_back(1 << 20);
  r.steps.push_back("00000000");
  EXPECT_THROW(difference(*model, r), Error);
  r = right;
  r.precision = "int4";
  EXPECT_THROW(difference(*model, r), Error);
  test::write_random_model(f.dir.path() / "other", 2);
  EXPECT_THROW(load_recorded_model(right, ModelPackage(f.dir.path() / "other"), 1), Error);
}

RC_GTEST_PROP(ReplayRecord, IsReadAsItWasWritten, ()) {
  ReplayRecord r;
  r.model = *rc::gen::arbitrary<std::string>();
  r.model.erase(std::remove_if(r.model.begin(), r.model.end(),
                               [](char c) { return static_cast<unsigned char>(c) > 126; }),
                r.model.end());
  r.precision = "int8";
  r.context = *rc::gen::inRange(1, 1 << 20);
  r.sampling.temperature = static_cast<float>(*rc::gen::inRange(0, 1000)) / 333.0f;
  r.sampling.top_p = static_cast<float>(*rc::gen::inRange(0, 1000)) / 1000.0f;
  r.sampling.seed = *rc::gen::arbitrary<std::uint64_t>();
  r.sampling.logit_bias = {{3, -1.1f}};
  r.prompt =
      *rc::gen::nonEmpty(rc::gen::container<std::vector<TokenId>>(rc::gen::inRange(0, 9999)));
  r.tokens = *rc::gen::container<std::vector<TokenId>>(rc::gen::inRange(0, 9999));
  r.steps.assign(r.tokens.size(), "0123abcd");
  r.hash = "ff";
  const std::string text = write_replay_record(r);
  const ReplayRecord again = parse_replay_record(text, "r");
  RC_ASSERT(write_replay_record(again) == text);
  RC_ASSERT(again.sampling.seed == r.sampling.seed);
  RC_ASSERT(again.sampling.temperature == r.sampling.temperature);
}

TEST(ReplayRecord, NamesTheFieldThatIsWrong) {
  const auto message = [](const char* text) -> std::string {
    try {
      parse_replay_record(text, "r.json");
      return "accepted";
    } catch (const Error& e) {
      return e.message();
    }
  };
  EXPECT_THAT(message("[]"), HasSubstr("is not an object"));
  EXPECT_THAT(message("{}"), HasSubstr("r.json: format is missing"));
  EXPECT_THAT(message(R"({"format":"x"})"), HasSubstr("format is not"));
  EXPECT_THAT(message(R"({"format":"parley replay record 1","model":1})"), HasSubstr("model"));
}

}  // namespace replay_test
}  // namespace parley::engine
