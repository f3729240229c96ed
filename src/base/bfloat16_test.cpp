#include "base/bfloat16.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace parley {
namespace bfloat16_test {

TEST(Bfloat16, EveryOneIsItsOwnNearest) {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto b = static_cast<std::uint16_t>(bits);
    if (std::isnan(bf16_value(b))) {
      EXPECT_TRUE(std::isnan(bf16_value(nearest_bf16(bf16_value(b)))));
    } else {
      EXPECT_EQ(nearest_bf16(bf16_value(b)), b);
    }
  }
}

TEST(Bfloat16, RoundsToTheNearestAndTiesToEven) {
  EXPECT_EQ(bf16_value(nearest_bf16(1.00390625f)), 1.0f);
  EXPECT_EQ(bf16_value(nearest_bf16(1.01171875f)), 1.015625f);
  EXPECT_EQ(bf16_value(nearest_bf16(std::nextafter(1.00390625f, 2.0f))), 1.0078125f);
  EXPECT_EQ(bf16_value(nearest_bf16(-1.01171875f)), -1.015625f);
  const float most = std::numeric_limits<float>::max();
  EXPECT_EQ(bf16_value(nearest_bf16(most)), std::numeric_limits<float>::infinity());
}

TEST(Bfloat16, ANanWhoseBitsLieInTheLostHalfStaysOne) {
  for (const std::uint32_t bits : {0x7F800001u, 0xFF800001u, 0x7FFFFFFFu, 0xFFFFFFFFu})
    EXPECT_TRUE(std::isnan(bf16_value(nearest_bf16(std::bit_cast<float>(bits)))));
}

}  // namespace bfloat16_test
}  // namespace parley
