#include "eval/perplexity.hpp"

#include <gtest/gtest.h>

#include <future>

#include "base/error.hpp"
#include "base/file.hpp"
#include "engine/engine.hpp"
#include "package/test_model.hpp"

namespace parley::eval {
namespace perplexity_test {

class ScoreText : public ::testing::Test {
 protected:
  ScoreText() { test::write_random_model(dir_.path() / "model"); }
  PredictionReport score(const std::string& text, nn::Precision precision) {
    write_file_atomically(dir_.path() / "text.txt", text);
    PredictionOptions options;
    options.precision = precision;
    return score_text(package::ModelPackage(dir_.path() / "model"), dir_.path() / "text.txt",
                      options);
  }
  test::TempDir dir_;
};

// The loss is the sum of the log-probabilities that the engine tells for the same prompt.
TEST_F(ScoreText, AgreesWithTheEngine) {
  const std::string text = "Hello there, how is the ship today?";
  const PredictionReport report = score(text, nn::Precision::kInt8);
  const auto model = engine::Engine::load(package::ModelPackage(dir_.path() / "model"), {});
  engine::Request request;
  request.prompt = {model->tokenizer().special(text::kBos)};
  model->tokenizer().encode(text, request.prompt);
  request.max_tokens = 0;
  request.prompt_logprobs = true;
  std::promise<double> sum;
  model->submit(request, [&](const engine::Update& update) {
    double total = 0;
    for (const auto& each : update.prompt_logprobs) total -= each.logprob;
    if (update.finished) sum.set_value(total);
  });
  EXPECT_EQ(report.targets, static_cast<std::int64_t>(request.prompt.size()) - 1);
  EXPECT_EQ(report.text_bytes, static_cast<std::int64_t>(text.size()));
  EXPECT_NEAR(report.loss_sum, sum.get_future().get(), 1e-3 * report.loss_sum);
}

TEST_F(ScoreText, CountsEveryTokenOfALongTextOnce) {
  std::string text;
  for (int i = 0; i < 400; ++i) text += "the sea, the ship " + std::to_string(i) + ". ";
  const PredictionReport int8 = score(text, nn::Precision::kInt8);
  const PredictionReport exact = score(text, nn::Precision::kFloat32);
  const auto tokenizer = text::load_tokenizer(dir_.path() / "model");
  EXPECT_EQ(int8.targets, static_cast<std::int64_t>(tokenizer->encode(text).size()));
  EXPECT_EQ(exact.targets, int8.targets);
  EXPECT_NEAR(int8.perplexity() / exact.perplexity(), 1, 0.04);
}

TEST_F(ScoreText, RefusesNothing) {
  EXPECT_THROW(score("", nn::Precision::kInt8), Error);
}

}  // namespace perplexity_test
}  // namespace parley::eval
