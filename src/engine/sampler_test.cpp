#include "engine/sampler.hpp"

#include <gtest/gtest.h>

#include <limits>

#include <rapidcheck.h>
#include <array>

#include <cmath>
#include <map>
#include <random>

#include "engine/random.hpp"

namespace parley::engine {
namespace sampler_test {

using text::TokenId;

TokenId draw(std::vector<float> logits, const Sampling& sampling, int position,
             std::vector<TokenId> history = {}) {
  Sampler sampler(nn::select_kernels(), static_cast<int>(logits.size()));
  return sampler.sample(logits, sampling, history, 0, position);
}

TEST(Philox, KnownAnswers) {  // the vectors of Random123's kat_vectors
  EXPECT_EQ(philox(0, 0, 0),
            (std::array<std::uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox(~0ull, ~0ull, ~0ull),
            (std::array<std::uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Sampler, GreedyTakesTheLargestAndTheSmallerIdAmongEquals) {
  Sampling greedy;
  greedy.temperature = 0;
  EXPECT_EQ(draw({1, 3, 2, 3}, greedy, 0), 1);
}

TEST(Sampler, FollowsTheDistribution) {
  Sampling s;
  s.temperature = 1;
  s.seed = 42;
  std::map<TokenId, int> counts;
  const int n = 20000;
  for (int i = 0; i < n; ++i)
    ++counts[draw({std::log(0.5f), std::log(0.3f), std::log(0.2f)}, s, i)];
  EXPECT_NEAR(counts[0], 0.5 * n, 300);
  EXPECT_NEAR(counts[1], 0.3 * n, 300);
  EXPECT_NEAR(counts[2], 0.2 * n, 300);
}

TEST(Sampler, FiltersKeepWhatTheySay) {
  const std::vector<float> logits = {std::log(0.5f), std::log(0.25f), std::log(0.15f),
                                     std::log(0.1f)};
  const auto support = [&](const Sampling& s) {
    std::map<TokenId, int> counts;
    for (int i = 0; i < 2000; ++i) ++counts[draw(logits, s, i)];
    return counts.size();
  };
  Sampling s;
  s.temperature = 1;
  EXPECT_EQ(support(s), 4u);
  s.top_k = 2;
  EXPECT_EQ(support(s), 2u);
  s.top_k = 0;
  s.top_p = 0.7f;
  EXPECT_EQ(support(s), 2u);
  s.top_p = 0.01f;
  EXPECT_EQ(support(s), 1u);
  s.top_p = 1;
  s.min_p = 0.4f;
  EXPECT_EQ(support(s), 2u);
}

TEST(Sampler, ManyTokensUnderAnyFilterStayInRange) {
  EXPECT_TRUE(rc::check([] {
    const auto seed = *rc::gen::arbitrary<std::uint32_t>();
    const int n = *rc::gen::inRange(1, 3000);
    std::mt19937 random(seed);
    std::normal_distribution<float> normal(0, 4);
    std::vector<float> logits(static_cast<std::size_t>(n));
    for (float& x : logits) x = normal(random);
    Sampling s;
    s.temperature = 0.1f + static_cast<float>(random() % 30) / 10;
    s.top_k = static_cast<int>(random() % 3000);
    s.top_p = static_cast<float>(random() % 101) / 100;
    s.min_p = static_cast<float>(random() % 50) / 100;
    s.seed = seed;
    const TokenId id = draw(logits, s, 3);
    RC_ASSERT(id >= 0 && id < n);
    // An unfiltered token is at least as likely as min_p times the best.
    const float best = *std::max_element(logits.begin(), logits.end());
    RC_ASSERT(std::exp((logits[static_cast<std::size_t>(id)] - best) / s.temperature) >=
              s.min_p * 0.999f);
  }));
}

TEST(Sampler, PenaltyMakesRepetitionLessLikely) {
  Sampling s;
  s.temperature = 0;
  s.repetition_penalty = 2;
  EXPECT_EQ(draw({2, 1.5f}, s, 0, {0}), 1);
  EXPECT_EQ(draw({-1, -1.5f}, s, 0, {0, 0}), 1);
  EXPECT_EQ(draw({2, 1.5f}, s, 0, {99, -4}), 0);
}

// Whatever the weights and settings, a token comes out and nothing is read or written beyond.
TEST(Sampler, SurvivesDamagedLogitsAndTinyTemperatures) {
  std::mt19937 random(5);
  const float wild[] = {std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::infinity(),
                        std::numeric_limits<float>::quiet_NaN(),
                        3e38f,
                        -3e38f,
                        0.0f,
                        1.0f};
  for (const nn::Kernels* kernels : nn::available_kernels()) {
    Sampler sampler(*kernels, 333);
    for (int round = 0; round < 300; ++round) {
      std::vector<float> logits(333);
      for (float& each : logits)
        each = round % 3 == 0 ? static_cast<float>(random() % 100) : wild[random() % 7];
      Sampling sampling;
      sampling.temperature = std::array{1e-38f, 1e-6f, 1e-4f, 1.0f, 2.0f}[random() % 5];
      sampling.top_p = random() % 2 ? 0.9f : 1.0f;
      sampling.top_k = random() % 2 ? 40 : 0;
      sampling.min_p = random() % 2 ? 0.1f : 0.0f;
      sampling.seed = random();
      const auto token = sampler.sample(logits, sampling, {}, 0, round);
      EXPECT_GE(token, 0);
      EXPECT_LT(token, 333);
    }
  }
}

}  // namespace sampler_test
}  // namespace parley::engine
