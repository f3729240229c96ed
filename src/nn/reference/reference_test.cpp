// Do the references hold what they are for? Closed forms and properties that any right forward pass
// has; that they and the engine agree is tested beside the engine's forward pass.
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.hpp"
#include "base/test_support.hpp"
#include "nn/reference/reference_checkpoint_test_support.hpp"
#include "nn/reference/reference_test_support.hpp"

namespace parley::test {
namespace reference_test {

class References : public ::testing::TestWithParam<Family> {
 protected:
  void SetUp() override { write_tiny_checkpoint(dir_.path(), GetParam()); }
  int vocabulary() const { return Checkpoint(dir_.path()).text_config()["vocab_size"].get<int>(); }
  TempDir dir_;
};

double spread(std::span<const double> values) {
  double mean = 0, square = 0;
  for (const double v : values) mean += v / static_cast<double>(values.size());
  for (const double v : values)
    square += (v - mean) * (v - mean) / static_cast<double>(values.size());
  return std::sqrt(square);
}

double largest_difference(std::span<const double> a, std::span<const double> b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(a[i] - b[i]));
  return most;
}

TEST_P(References, LogitsAreFiniteAndSpread) {
  const int v = vocabulary();
  const auto tokens = random_tokens(v, 24);
  const auto logits = reference_logits(dir_.path(), tokens);
  ASSERT_EQ(logits.size(), tokens.size() * static_cast<std::size_t>(v));
  for (const double x : logits) ASSERT_TRUE(std::isfinite(x));
  const double s = spread(std::span(logits).last(static_cast<std::size_t>(v)));
  EXPECT_GT(s, 0.5) << "flat";
  EXPECT_LT(s, 8.0) << "nearly one-hot";
}

TEST_P(References, NoPositionSeesALaterToken) {
  const int v = vocabulary();
  auto tokens = random_tokens(v, 20);
  const auto before = reference_logits(dir_.path(), tokens);
  tokens.back() = (tokens.back() + 1) % v;
  const auto after = reference_logits(dir_.path(), tokens);
  const std::size_t kept = static_cast<std::size_t>(v) * 19;
  EXPECT_EQ(largest_difference(std::span(before).first(kept), std::span(after).first(kept)), 0.0);
  EXPECT_GT(largest_difference(std::span(before).subspan(kept), std::span(after).subspan(kept)),
            0.01);
}

// Windows included: what lies within a layer's window reaches the last position through it.
TEST_P(References, TheLastPositionSeesTheOneBeforeAndItsPlace) {
  const int v = vocabulary();
  auto tokens = random_tokens(v, 6);
  const auto row = [&](const std::vector<double>& logits) {
    return std::vector<double>(logits.end() - v, logits.end());
  };
  const auto before = row(reference_logits(dir_.path(), tokens));
  std::swap(tokens[0], tokens[1]);
  const auto swapped = row(reference_logits(dir_.path(), tokens));
  EXPECT_GT(largest_difference(before, swapped), 0.001) << "the order of tokens does not matter";
}

TEST_P(References, OneSeedGivesOneModelInEveryType) {
  TempDir again;
  write_tiny_checkpoint(again.path(), GetParam());
  const auto tokens = random_tokens(vocabulary(), 5);
  const auto logits = reference_logits(dir_.path(), tokens);
  EXPECT_EQ(logits, reference_logits(again.path(), tokens));
  for (const StoredAs dtype : {StoredAs::kFloat32, StoredAs::kFloat16}) {
    TempDir other;
    write_tiny_checkpoint(other.path(), GetParam(), 1, dtype);
    const double d = largest_difference(logits, reference_logits(other.path(), tokens));
    EXPECT_GT(d, 0.0);
    EXPECT_LT(d, 0.5);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, References, ::testing::ValuesIn(kFamilies),
                         [](const auto& param) { return family_name(param.param); });

// Rotations know only distances: repeating one token gives each position the same values to
// attend to, whatever the weights of the sum, hence equal logits everywhere.
TEST(Reference, OneTokenRepeatedGivesTheSameLogitsEverywhere) {
  for (const Family family : kFamilies) {
    if (family == Family::kGpt2) continue;  // has positions of its own
    TempDir dir;
    write_tiny_checkpoint(dir.path(), family);
    const int v = Checkpoint(dir.path()).text_config()["vocab_size"].get<int>();
    const auto logits = reference_logits(dir.path(), std::vector<std::int32_t>(12, 42));
    const auto n = static_cast<std::size_t>(v);
    EXPECT_LT(largest_difference(std::span(logits).first(n), std::span(logits).last(n)), 1e-9)
        << family_name(family);
  }
}

// A model of one windowed layer forgets what left the window; through two layers it reaches twice
// as far, less one.
TEST(Reference, AWindowReachesAsFarAsItsLayersTogether) {
  TempDir dir;
  write_tiny_checkpoint(dir.path(), Family::kMistral);  // three layers, window 9
  auto tokens = random_tokens(303, 40);
  const auto before = reference_logits(dir.path(), tokens);
  tokens[0] = (tokens[0] + 1) % 303;
  const auto after = reference_logits(dir.path(), tokens);
  const auto changed = [&](std::size_t t) {
    return largest_difference(std::span(before).subspan(t * 303, 303),
                              std::span(after).subspan(t * 303, 303));
  };
  const std::size_t reach = 3 * (9 - 1);
  EXPECT_GT(changed(reach), 0.0);
  for (std::size_t t = reach + 1; t < 40; ++t) EXPECT_EQ(changed(t), 0.0) << t;
}

TEST(Reference, LongRopeChoosesItsFactorsByLength) {
  TempDir dir;
  write_tiny_checkpoint(dir.path(), Family::kPhi3LongRope);  // 32 positions originally
  const auto tokens = random_tokens(313, 20);
  const auto own = reference_logits(dir.path(), tokens);
  EXPECT_EQ(own, reference_logits(dir.path(), tokens, 32));
  EXPECT_GT(largest_difference(own, reference_logits(dir.path(), tokens, 33)), 0.001);
}

TEST(Reference, SoftCapsBoundTheLogits) {
  TempDir dir;
  write_tiny_checkpoint(dir.path(), Family::kGemma2);
  for (const double x : reference_logits(dir.path(), random_tokens(306, 16)))
    EXPECT_LT(std::fabs(x), 8.0);
}

// What can be done by hand: with no layers a model is its embedding, normed, times the output
// matrix.
TEST(Reference, WithoutLayersItIsTheEmbeddingNormedTimesTheHead) {
  TempDir dir;
  write_tiny_checkpoint(dir.path(), Family::kLlama);
  const Checkpoint in(dir.path());
  Json config = in.config();
  config["num_hidden_layers"] = 0;
  write_file_atomically(dir.path() / "config.json", config.dump());
  const auto logits = reference_logits(dir.path(), std::vector<std::int32_t>{7});
  const auto& table = in.tensor("model.embed_tokens.weight");
  const auto& head = in.tensor("lm_head.weight");
  const auto& norm = in.tensor("model.norm.weight");
  double square = 0;
  for (std::size_t i = 0; i < 72; ++i) square += std::pow(table.values[7 * 72 + i], 2) / 72;
  for (std::size_t o = 0; o < 301; ++o) {
    double sum = 0;
    for (std::size_t i = 0; i < 72; ++i) {
      sum += head.values[o * 72 + i] * norm.values[i] * table.values[7 * 72 + i] /
             std::sqrt(square + 1e-5);
    }
    EXPECT_NEAR(logits[o], sum, 1e-12);
  }
}

TEST(Reference, RoundsToTheSixteenBitFormats) {
  EXPECT_EQ(nearest_bfloat16(1.00390625), 1.0);  // a tie goes to even
  EXPECT_EQ(nearest_bfloat16(1.01171875), 1.015625);
  EXPECT_EQ(nearest_bfloat16(std::sqrt(3072.0)), 55.5);  // as Gemma 7B's embeddings are scaled
  EXPECT_EQ(nearest_float16(1.0 + 1.0 / 4096), 1.0);
  EXPECT_EQ(nearest_float16(3e-8), std::ldexp(1.0, -24) * 1.0);
}

}  // namespace reference_test
}  // namespace parley::test
