// Every kernel equals the scalar one bit for bit, on random and adversarial shapes and values.
#include "nn/kernels/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.hpp"
#include "nn/kernels/kernels_test_support.hpp"
#include "nn/model/rope.hpp"

namespace parley::nn {
namespace kernels_test {

using test::Random;
using test::random_floats;
using test::same_bits;
using test::spoil;

class EveryIsa : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& fast = *GetParam();
  const Kernels& spec = scalar_kernels();
  Random random{2024};
};

TEST_P(EveryIsa, Quantize) {
  for (const int k : {1, 7, 16, 31, 64, 65, 172, 576, 1000}) {
    for (const int group : {kGroup4, kGroup8}) {
      for (int spoiled = 0; spoiled < 2; ++spoiled) {
        auto x = random_floats(random, k);
        if (spoiled) spoil(random, x);
        const int groups = (k + group - 1) / group;
        std::vector<std::int8_t> q1(groups * group), q2(q1);
        std::vector<float> s1(groups), s2(groups);
        std::vector<std::int32_t> t1(groups), t2(groups);
        spec.quantize(x.data(), k, group, q1.data(), s1.data(), t1.data());
        fast.quantize(x.data(), k, group, q2.data(), s2.data(), t2.data());
        ASSERT_TRUE(same_bits(q1, q2) && same_bits(s1, s2) && same_bits(t1, t2)) << "k " << k;
      }
    }
  }
}

TEST_P(EveryIsa, Linear) {
  for (const auto& [bits, group] : {std::pair{8, kGroup8}, {8, kGroup4}, {4, kGroup4}}) {
    for (int rows = 1; rows <= 33; ++rows) {
      for (const int k : {64, 192, 576}) {
        const int n = kTile * (1 + static_cast<int>(random() % 3)), groups = k / group;
        std::vector<std::int8_t> x(rows * k);
        std::vector<std::uint8_t> w(n * k * bits / 8);
        const bool extreme = random() % 2;
        for (auto& v : x)
          v = static_cast<std::int8_t>(extreme ? (random() % 2 ? 127 : -127)
                                               : int(random() % 255) - 127);
        for (auto& v : w) {
          v = bits == 4 ? static_cast<std::uint8_t>(extreme ? random() % 2 * 255 : random() % 256)
                        : static_cast<std::uint8_t>(extreme ? (random() % 2 ? 255 : 1)
                                                            : 1 + random() % 255);
        }
        auto x_scale = random_floats(random, rows * groups);
        std::vector<std::uint16_t> w_scale(n * groups);
        for (auto& s : w_scale) s = nearest_bf16(random_floats(random, 1)[0]);
        std::vector<std::int32_t> sums(rows * groups);
        for (int i = 0; i < rows * groups; ++i) {
          for (int j = 0; j < group; ++j) sums[i] += x[i * group + j];
        }
        std::vector<float> y1(rows * n), y2(rows * n);
        LinearArgs args{x.data(), x_scale.data(), sums.data(), rows, k,         bits, group,
                        w.data(), w_scale.data(), 0,           n,    y1.data(), n};
        spec.linear(args);
        args.y = y2.data();
        fast.linear(args);
        ASSERT_TRUE(same_bits(y1, y2)) << bits << " bits, " << rows << " rows, k " << k;
      }
    }
  }
}

TEST_P(EveryIsa, LinearF32) {
  const int rows = 3, k = 37, n = 2 * kTile;
  const auto x = random_floats(random, rows * k), w = random_floats(random, k * n);
  std::vector<float> y1(rows * n), y2(rows * n);
  LinearF32Args args{x.data(), k, rows, k, w.data(), 0, n, y1.data(), n};
  spec.linear_f32(args);
  args.y = y2.data();
  fast.linear_f32(args);
  EXPECT_TRUE(same_bits(y1, y2));
}

TEST_P(EveryIsa, ElementwiseAndReductions) {
  for (int n = 1; n < 70; ++n) {
    const auto x = random_floats(random, n, n % 3 ? 2.0f : 60.0f), w = random_floats(random, n);
    std::vector<float> y1(n), y2(n);
    spec.rms_norm(x.data(), w.data(), n, 1e-5f, y1.data());
    fast.rms_norm(x.data(), w.data(), n, 1e-5f, y2.data());
    ASSERT_TRUE(same_bits(y1, y2)) << "rms_norm " << n;
    spec.layer_norm(x.data(), w.data(), w.data(), n, 1e-5f, y1.data());
    fast.layer_norm(x.data(), w.data(), w.data(), n, 1e-5f, y2.data());
    ASSERT_TRUE(same_bits(y1, y2)) << "layer_norm " << n;
    for (const auto act : {Activation::kSilu, Activation::kGeluTanh}) {
      for (const float* up : {w.data(), static_cast<const float*>(nullptr)}) {
        spec.activate(act, x.data(), up, n, y1.data());
        fast.activate(act, x.data(), up, n, y2.data());
        ASSERT_TRUE(same_bits(y1, y2)) << "activate " << n;
      }
    }
    y1 = x, y2 = x;
    spec.softcap(y1.data(), 30.0f, n);
    fast.softcap(y2.data(), 30.0f, n);
    ASSERT_TRUE(same_bits(y1, y2)) << "softcap " << n;
    spec.scale(y1.data(), 0.37f, n);
    fast.scale(y2.data(), 0.37f, n);
    ASSERT_TRUE(same_bits(y1, y2)) << "scale " << n;
    spec.divide(y1.data(), 0.7f, n);
    fast.divide(y2.data(), 0.7f, n);
    ASSERT_TRUE(same_bits(y1, y2)) << "divide " << n;
    spec.rotate(y1.data(), w.data(), x.data(), n / 2);
    fast.rotate(y2.data(), w.data(), x.data(), n / 2);
    ASSERT_TRUE(same_bits(y1, y2)) << "rotate " << n;
    ASSERT_EQ(spec.argmax(x.data(), n), fast.argmax(x.data(), n)) << n;
    const std::vector<float> equal(n, -2.0f);
    ASSERT_EQ(fast.argmax(equal.data(), n), 0);
    const float s1 = spec.exp_sum(x.data(), 1.5f, n, y1.data()),
                s2 = fast.exp_sum(x.data(), 1.5f, n, y2.data());
    ASSERT_TRUE(same_bits(y1, y2) && s1 == s2) << "exp_sum " << n;
    y1 = x, y2 = x;
    spec.add(y1.data(), w.data(), n);
    fast.add(y2.data(), w.data(), n);
    ASSERT_TRUE(same_bits(y1, y2)) << "add " << n;
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryIsa, ::testing::ValuesIn(available_kernels()),
                         [](const auto& info) {
                           std::string name = info.param->name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(ExactMath, IsCloseToTheTrueFunctions) {
  for (double x = -87; x <= 88; x += 0.0137) {
    const float f = static_cast<float>(x);
    EXPECT_NEAR(exact_exp(f) / std::exp(static_cast<double>(f)), 1.0, 3e-7) << x;
  }
  EXPECT_EQ(exact_exp(-100.0f), 0.0f);
  EXPECT_EQ(exact_exp(0.0f), 1.0f);
  for (const float x : {0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 3.49999f, -126.5f}) {
    EXPECT_EQ(exact_rint(x), std::nearbyint(x));
  }
  for (double x = -30; x <= 30; x += 0.00731) {
    const float f = static_cast<float>(x);
    EXPECT_NEAR(exact_tanh(f), std::tanh(static_cast<double>(f)), 2e-7) << x;
    const double gelu =
        0.5 * f * (1 + std::tanh(std::sqrt(2 / 3.14159265358979) * (f + 0.044715 * f * f * f)));
    EXPECT_NEAR(exact_gelu(f), gelu, 1e-6 * (1 + std::fabs(x))) << x;
  }
}

TEST(ExactMath, RopeIsWithinOneUlp) {
  ModelConfig config;
  config.head_dim = 64;
  for (const double theta : {10000.0, 500000.0}) {
    config.rope_theta = theta;
    const Rope rope = make_rope(config, false, 131072);
    ASSERT_EQ(rope.frequency.size(), 32u);
    std::vector<float> c(32), s(32);
    for (const int position : {0, 1, 17, 511, 8191, 131071}) {
      rope.turn(position, c.data(), s.data());
      for (int pair = 0; pair < 32; ++pair) {
        const float frequency = rope.frequency[pair];
        EXPECT_NEAR(frequency / std::pow(theta, -2.0 * pair / 64), 1.0, 1e-7);
        const double angle = static_cast<float>(position) * frequency;
        EXPECT_NEAR(c[pair], std::cos(angle), 6e-8);
        EXPECT_NEAR(s[pair], std::sin(angle), 6e-8);
      }
    }
  }
}

TEST(SelectKernels, KnowsItsNames) {
  EXPECT_STREQ(select_kernels("scalar").name, "scalar");
  EXPECT_THROW(select_kernels("sse9"), Error);
  EXPECT_STREQ(select_kernels().name, available_kernels().back()->name);
}

}  // namespace kernels_test
}  // namespace parley::nn
