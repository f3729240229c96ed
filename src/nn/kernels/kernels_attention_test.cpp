// Attention's kernels equal the scalar ones bit for bit; the scalar ones are close to exact
// attention.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "nn/kernels/aligned.hpp"
#include "nn/kernels/kernels.hpp"
#include "nn/kernels/kernels_test_support.hpp"

namespace parley::nn {
namespace kernels_attention_test {

using test::Random;
using test::random_floats;
using test::same_bits;
using test::spoil;

struct Shape {
  int head_dim = 64, rows = 3, positions = 130, window = 0;
  float softcap = 0;
};

// Keys and values of `positions` tokens, and query rows at the last positions.
struct Case {
  Shape shape;
  KvLayout layout;
  std::vector<float> keys, values, queries;
  std::vector<int> start, length;
};

Case make_case(Random& random, const Shape& shape, bool spoiled = false) {
  Case c;
  c.shape = shape;
  c.layout = {(shape.head_dim + kTile - 1) / kTile * kTile};
  c.keys = random_floats(random, static_cast<std::size_t>(shape.positions) * shape.head_dim, 1.0f);
  c.values = random_floats(random, c.keys.size(), 1.0f);
  c.queries = random_floats(random, static_cast<std::size_t>(shape.rows) * shape.head_dim, 0.4f);
  if (spoiled) {
    for (float& k : c.keys) k = random() % 97 == 0 ? 0.0f : k;
    for (int i = 0; i < shape.head_dim; ++i) c.values[i] = 0.0f, c.keys[i] = 1e-33f;
  }
  for (int r = 0; r < shape.rows; ++r) {
    c.length.push_back(std::max(1, shape.positions - (shape.rows - 1 - r) / 3));
    c.start.push_back(shape.window ? std::max(0, c.length.back() - shape.window) : 0);
  }
  return c;
}

std::vector<float> attend(const Kernels& kernels, const Case& c) {
  const int blocks = (c.shape.positions + kKvBlock - 1) / kKvBlock;
  std::vector<AlignedArray<std::byte>> data;
  std::vector<const std::byte*> pointers;
  for (int b = 0; b < blocks; ++b) {
    data.emplace_back(c.layout.bytes());
    pointers.push_back(data.back().data());
  }
  for (int p = 0; p < c.shape.positions; ++p) {
    const std::size_t at = static_cast<std::size_t>(p) * c.shape.head_dim;
    std::byte* block = data[static_cast<std::size_t>(p / kKvBlock)].data();
    kernels.store_key(c.keys.data() + at, c.shape.head_dim, c.layout, p % kKvBlock, block);
    kernels.store_value(c.values.data() + at, c.shape.head_dim, c.layout, p % kKvBlock, block);
  }
  const int rows = c.shape.rows, dims = c.layout.dims, groups = dims / kGroup4;
  std::vector<std::int8_t> q(rows * dims);
  std::vector<float> q_scale(rows * groups);
  std::vector<std::int32_t> q_sum(rows * groups);
  for (int r = 0; r < rows; ++r) {
    kernels.quantize(c.queries.data() + r * c.shape.head_dim, c.shape.head_dim, kGroup4,
                     q.data() + r * dims, q_scale.data() + r * groups, q_sum.data() + r * groups);
  }
  // head_dim 8 fills one group of 32: quantize() stops there, as dims does.
  const int first = *std::min_element(c.start.begin(), c.start.end()) / kKvBlock;
  const int stride = (blocks - first) * kKvBlock;
  std::vector<float> scores(rows * stride), code_scale(rows * (blocks - first)), inverse(rows);
  std::vector<std::int8_t> codes(rows * stride * 2);
  std::vector<std::int32_t> code_sum(rows * (blocks - first));
  std::vector<float> out(rows * c.shape.head_dim);
  std::vector<float*> outs;
  for (int r = 0; r < rows; ++r) outs.push_back(out.data() + r * c.shape.head_dim);
  AttentionArgs args;
  args.q = q.data(), args.q_scale = q_scale.data(), args.q_sum = q_sum.data();
  args.rows = rows, args.start = c.start.data(), args.length = c.length.data();
  args.first_block = first, args.end_block = blocks, args.layout = c.layout;
  args.blocks = pointers.data(), args.softcap = c.shape.softcap, args.stride = stride;
  args.scores = scores.data(), args.codes = codes.data(), args.code_scale = code_scale.data();
  args.code_sum = code_sum.data(), args.inverse = inverse.data(), args.out = outs.data();
  args.head_dim = c.shape.head_dim;
  kernels.attention_scores(args, first, blocks);
  for (int r = 0; r < rows; ++r) kernels.attention_weights(args, r);
  for (int d = 0; d < dims; d += kTile) kernels.attention_values(args, d, d + kTile);
  return out;
}

std::vector<double> exact(const Case& c) {
  std::vector<double> out;
  const int dim = c.shape.head_dim;
  for (int r = 0; r < c.shape.rows; ++r) {
    std::vector<double> e;
    double max = -1e300;
    for (int p = c.start[r]; p < c.length[r]; ++p) {
      double s = 0;
      for (int d = 0; d < dim; ++d) s += double(c.queries[r * dim + d]) * c.keys[p * dim + d];
      if (c.shape.softcap > 0) s = c.shape.softcap * std::tanh(s / c.shape.softcap);
      e.push_back(s);
      max = std::max(max, s);
    }
    double z = 0;
    for (double& s : e) z += s = std::exp(s - max);
    for (int d = 0; d < dim; ++d) {
      double y = 0;
      for (int p = c.start[r]; p < c.length[r]; ++p)
        y += e[static_cast<std::size_t>(p - c.start[r])] / z * c.values[p * dim + d];
      out.push_back(y);
    }
  }
  return out;
}

class EveryIsaAttention : public ::testing::TestWithParam<const Kernels*> {};

TEST_P(EveryIsaAttention, EqualsTheScalarOne) {
  Random random{77};
  for (const int head_dim : {8, 20, 64, 96, 128}) {
    for (const int rows : {1, 2, 3, 4, 7, 12, 13, 25}) {
      for (const int positions : {1, 15, 16, 17, 64, 65, 200}) {
        Shape shape{head_dim, rows, positions};
        shape.window = random() % 3 == 0 ? 1 + static_cast<int>(random() % 90) : 0;
        shape.softcap = random() % 3 == 0 ? 5.0f : 0.0f;
        const Case c = make_case(random, shape, random() % 4 == 0);
        ASSERT_TRUE(same_bits(attend(scalar_kernels(), c), attend(*GetParam(), c)))
            << head_dim << " " << rows << " " << positions << " window " << shape.window;
      }
    }
  }
}

TEST_P(EveryIsaAttention, Float32EqualsTheScalarOne) {
  Random random{78};
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
        AttentionF32Args args{q.data(), heads, head_dim, kp.data(), vp.data()};
        args.start = random() % 2 ? 0 : static_cast<int>(random() % length);
        args.length = length;
        args.softcap = random() % 2 ? 0.0f : 20.0f;
        args.scores = scratch.data();
        args.out = o1.data();
        scalar_kernels().attention_f32(args);
        args.out = o2.data();
        GetParam()->attention_f32(args);
        ASSERT_TRUE(same_bits(o1, o2)) << head_dim << " " << heads << " " << length;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryIsaAttention, ::testing::ValuesIn(available_kernels()),
                         [](const auto& info) {
                           std::string name = info.param->name;
                           for (char& c : name) c = c == '-' ? '_' : c;
                           return name;
                         });

TEST(Attention, IsCloseToExactAttention) {
  Random random{79};
  for (const int positions : {1, 40, 500}) {
    for (const float softcap : {0.0f, 8.0f}) {
      const Case c = make_case(random, {64, 4, positions, 0, softcap});
      const auto quick = attend(scalar_kernels(), c);
      const auto right = exact(c);
      double error = 0, size = 0;
      for (std::size_t i = 0; i < right.size(); ++i) {
        error += (quick[i] - right[i]) * (quick[i] - right[i]);
        size += right[i] * right[i];
      }
      EXPECT_LT(std::sqrt(error / size), 0.05) << positions;  // seen: up to 0.033
    }
  }
}

// One position far ahead of all others must not take the others' weight from them: codes have 14
// bits.
TEST(Attention, ALargeWeightDoesNotDrownTheRest) {
  Random random{80};
  Case c = make_case(random, {32, 1, 64});
  std::fill(c.values.begin(), c.values.begin() + 32, 0.0f);  // the sink says nothing
  for (int d = 0; d < 32; ++d) c.keys[d] = c.queries[d] * 2;
  const auto quick = attend(scalar_kernels(), c);
  const auto right = exact(c);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < right.size(); ++i) {
    error += (quick[i] - right[i]) * (quick[i] - right[i]);
    size += right[i] * right[i];
  }
  EXPECT_LT(std::sqrt(error / size), 0.15) << std::sqrt(error / size);
}

}  // namespace kernels_attention_test
}  // namespace parley::nn
