// Every kernel equals the scalar one bit for bit, on random and adversarial shapes and values.
#include "nn/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "base/error.hpp"

namespace parley::nn {
namespace {

using Random = std::mt19937;

std::vector<float> random_floats(Random& random, std::size_t n, float spread = 3.0f) {
  std::vector<float> out(n);
  std::normal_distribution<float> normal(0, spread);
  for (float& x : out) x = normal(random);
  return out;
}

// Extremes among the ordinary: zeros of both signs, denormals, huge and tiny magnitudes.
void spoil(Random& random, std::vector<float>& x) {
  static const float kValues[] = {0.0f,   -0.0f,  1e-38f, -1e-41f, 1e20f,
                                  -3e15f, 1e-31f, 127.5f, 0.5f};
  for (std::size_t i = 0; i < x.size(); i += 1 + random() % 7)
    x[i] = kValues[random() % std::size(kValues)];
}

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

class EveryIsa : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& fast = *GetParam();
  const Kernels& spec = scalar_kernels();
  Random random{2024};
};

TEST_P(EveryIsa, Quantize) {
  for (const int k : {1, 7, 16, 31, 64, 65, 172, 576, 1000}) {
    for (int spoiled = 0; spoiled < 2; ++spoiled) {
      auto x = random_floats(random, k);
      if (spoiled) spoil(random, x);
      const int groups = (k + kGroup - 1) / kGroup;
      std::vector<std::int8_t> q1(groups * kGroup), q2(q1);
      std::vector<float> s1(groups), s2(groups);
      std::vector<std::int32_t> t1(groups), t2(groups);
      spec.quantize(x.data(), k, q1.data(), s1.data(), t1.data());
      fast.quantize(x.data(), k, q2.data(), s2.data(), t2.data());
      ASSERT_TRUE(same_bits(q1, q2) && same_bits(s1, s2) && same_bits(t1, t2)) << "k " << k;
    }
  }
}

TEST_P(EveryIsa, Linear) {
  for (const int rows : {1, 2, 3, 4, 5, 8, 12, 13, 33}) {
    for (const int k : {64, 192, 576}) {
      const int n = kTile * (1 + static_cast<int>(random() % 3)), groups = k / kGroup;
      std::vector<std::int8_t> x(rows * k);
      std::vector<std::uint8_t> w(n * k);
      const bool extreme = random() % 2;
      for (auto& v : x)
        v = static_cast<std::int8_t>(extreme ? (random() % 2 ? 127 : -127)
                                             : int(random() % 255) - 127);
      for (auto& v : w)
        v = static_cast<std::uint8_t>(extreme ? (random() % 2 ? 255 : 1) : 1 + random() % 255);
      auto x_scale = random_floats(random, rows * groups),
           w_scale = random_floats(random, n * groups);
      std::vector<std::int32_t> sums(rows * groups);
      for (int i = 0; i < rows * groups; ++i) {
        for (int j = 0; j < kGroup; ++j) sums[i] += x[i * kGroup + j];
      }
      std::vector<float> y1(rows * n), y2(rows * n);
      LinearArgs args{x.data(), x_scale.data(), sums.data(), rows, k,
                      w.data(), w_scale.data(), 0,           n,    y1.data(),
                      n};
      spec.linear(args);
      args.y = y2.data();
      fast.linear(args);
      ASSERT_TRUE(same_bits(y1, y2)) << rows << " rows, k " << k << ", n " << n;
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
    spec.silu_mul(x.data(), w.data(), n, y1.data());
    fast.silu_mul(x.data(), w.data(), n, y2.data());
    ASSERT_TRUE(same_bits(y1, y2)) << "silu_mul " << n;
    const float s1 = spec.exp_sum(x.data(), 1.5f, n, y1.data()),
                s2 = fast.exp_sum(x.data(), 1.5f, n, y2.data());
    ASSERT_TRUE(same_bits(y1, y2) && s1 == s2) << "exp_sum " << n;
    y1 = x, y2 = x;
    spec.add(y1.data(), w.data(), n);
    fast.add(y2.data(), w.data(), n);
    ASSERT_TRUE(same_bits(y1, y2)) << "add " << n;
  }
}

TEST_P(EveryIsa, Attention) {
  for (const int head_dim : {8, 20, 64}) {
    for (const int heads : {1, 2, 3, 4, 7}) {
      for (const int length : {1, 15, 16, 17, 63, 64, 65, 130}) {
        const int blocks = (length + kKvBlock - 1) / kKvBlock;
        const auto q = random_floats(random, heads * head_dim, 1.0f);
        const auto k = random_floats(random, blocks * kKvBlock * head_dim),
                   v = random_floats(random, k.size());
        std::vector<const float*> kp, vp;
        for (int b = 0; b < blocks; ++b) {
          kp.push_back(k.data() + b * kKvBlock * head_dim);
          vp.push_back(v.data() + b * kKvBlock * head_dim);
        }
        std::vector<float> scratch(heads * blocks * kKvBlock), o1(heads * head_dim), o2(o1);
        AttentionArgs args{q.data(),  heads,  head_dim,       kp.data(),
                           vp.data(), length, scratch.data(), o1.data()};
        spec.attention(args);
        args.out = o2.data();
        fast.attention(args);
        ASSERT_TRUE(same_bits(o1, o2)) << head_dim << " " << heads << " " << length;
      }
    }
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
}

TEST(ExactMath, RopeTablesAreWithinOneUlp) {
  for (const double theta : {10000.0, 500000.0}) {
    for (int pair = 0; pair < 32; ++pair) {
      const float frequency = rope_frequency(theta, pair, 64);
      EXPECT_NEAR(frequency / std::pow(theta, -2.0 * pair / 64), 1.0, 1e-7);
      for (const int position : {0, 1, 17, 511, 8191, 131071}) {
        float c = 0, s = 0;
        rope_cos_sin(position, frequency, c, s);
        const double angle = static_cast<float>(position) * frequency;
        EXPECT_NEAR(c, std::cos(angle), 6e-8);
        EXPECT_NEAR(s, std::sin(angle), 6e-8);
      }
    }
  }
}

TEST(SelectKernels, KnowsItsNames) {
  EXPECT_STREQ(select_kernels("scalar").name, "scalar");
  EXPECT_THROW(select_kernels("sse9"), Error);
  EXPECT_STREQ(select_kernels().name, available_kernels().back()->name);
}

}  // namespace
}  // namespace parley::nn
