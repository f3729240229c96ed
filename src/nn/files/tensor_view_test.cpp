#include "nn/files/tensor_view.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "nn/files/gguf_test_support.hpp"

namespace parley::nn {
namespace tensor_view_test {

TensorView view_of(const std::string& bytes, DType dtype, std::vector<std::int64_t> shape) {
  TensorView view;
  view.name = "t";
  view.dtype = dtype;
  view.shape = std::move(shape);
  view.bytes = {reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()};
  return view;
}

std::vector<float> row(const TensorView& view, std::int64_t index) {
  std::vector<float> out(static_cast<std::size_t>(view.columns()));
  view.read_row(index, out.data());
  return out;
}

TEST(FloatFormats, RoundAndWiden) {
  for (std::uint32_t bits = 0; bits < 65536; ++bits) {
    const auto half_bits = static_cast<std::uint16_t>(bits);
    _Float16 half;
    std::memcpy(&half, &half_bits, 2);
    const float expected = static_cast<float>(half), found = f16_to_float(half_bits);
    if (std::isnan(expected))
      EXPECT_TRUE(std::isnan(found));
    else
      ASSERT_EQ(found, expected) << bits;
  }
}

TEST(TensorView, ReadsRowsOfEachType) {
  const std::vector<double> values = {1, -2, 0.5, 4, 5, -6.25};
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBF16}) {
    const std::string bytes = test::quantise(dtype, values);
    const TensorView view = view_of(bytes, dtype, {2, 3});
    EXPECT_EQ(view.elements(), 6);
    EXPECT_EQ(row(view, 0), (std::vector<float>{1, -2, 0.5f}));
    EXPECT_EQ(row(view, 1), (std::vector<float>{4, 5, -6.25f}));
    EXPECT_EQ(row(view_of(bytes, dtype, {6}), 0), (std::vector<float>{1, -2, 0.5f, 4, 5, -6.25f}));
  }
}

TEST(TensorView, ReadsRowsOfBlocks) {
  std::vector<double> values(3 * 64);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i / 64 + 1);
  const std::string bytes = test::quantise(DType::kQ8_0, values);
  const TensorView view = view_of(bytes, DType::kQ8_0, {3, 64});
  for (std::int64_t r = 0; r < 3; ++r) {
    for (const float v : row(view, r)) EXPECT_NEAR(v, static_cast<double>(r + 1), 0.01);
  }
}

TEST(TensorView, TurnsAMatrixThatIsStoredByInputs) {
  const std::string bytes = test::quantise(DType::kF16, std::vector<double>{1, 2, 3, 4, 5, 6});
  TensorView view = view_of(bytes, DType::kF16, {3, 2});  // the file holds [2][3]
  view.transposed = true;
  EXPECT_EQ(row(view, 0), (std::vector<float>{1, 4}));
  EXPECT_EQ(row(view, 2), (std::vector<float>{3, 6}));
}

TEST(TensorView, OrdersInterleavedHeadsByHalves) {
  // Two heads of six rows; the file has rows 0, 3, 1, 4, 2, 5 of each.
  std::vector<double> values;
  for (const int r : {0, 3, 1, 4, 2, 5, 10, 13, 11, 14, 12, 15}) {
    values.push_back(r);
    values.push_back(r + 0.5);
  }
  const std::string bytes = test::quantise(DType::kF32, values);
  TensorView view = view_of(bytes, DType::kF32, {12, 2});
  view.interleaved_heads = 2;
  for (int r = 0; r < 12; ++r) {
    const float expected = static_cast<float>(r < 6 ? r : r + 4);
    EXPECT_EQ(row(view, r), (std::vector<float>{expected, expected + 0.5f}));
  }
  TensorView bias = view_of(bytes, DType::kF32, {24});
  bias.interleaved_heads = 3;  // heads of eight values
  const std::vector<float> ordered = row(bias, 0),
                           stored = row(view_of(bytes, DType::kF32, {24}), 0);
  for (std::size_t head = 0; head < 3; ++head) {
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(ordered[head * 8 + i], stored[head * 8 + 2 * i]);
      EXPECT_EQ(ordered[head * 8 + 4 + i], stored[head * 8 + 2 * i + 1]);
    }
  }
}

}  // namespace tensor_view_test
}  // namespace parley::nn
