#include "data/pipeline.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <atomic>
#include <stdexcept>

#include "base/test_support.hpp"
#include "data/spill_sort.hpp"

namespace parley::data {
namespace pipeline_test {

TEST(OrderedPipeline, ConsumesInOrderWithinTheBudget) {
  OrderedPipeline<int, int> pipeline(4, 10);
  std::atomic<int> in_flight{0}, most{0};
  std::vector<int> seen;
  pipeline.run(
      [&](const auto& push) {
        for (int i = 0; i < 2000; ++i) {
          push(int(i), 1);
          most = std::max(most.load(), ++in_flight);
        }
      },
      [](int, int&& i) {
        if (i % 7 == 0) std::this_thread::yield();
        return i * 2;
      },
      [&](int&& i) {
        seen.push_back(i);
        --in_flight;
      });
  ASSERT_EQ(seen.size(), 2000u);
  for (int i = 0; i < 2000; ++i) EXPECT_EQ(seen[static_cast<std::size_t>(i)], i * 2);
  EXPECT_LE(most.load(), 12);  // ten in flight, one consumed but still counted, one just pushed
}

TEST(OrderedPipeline, TheFirstErrorInOrderWins) {
  for (int round = 0; round < 50; ++round) {
    OrderedPipeline<int, int> pipeline(3, 100);
    int consumed = 0;
    try {
      pipeline.run(
          [](const auto& push) {
            for (int i = 0; i < 1000; ++i) {
              if (!push(int(i), 1)) return;
            }
          },
          [](int, int&& i) {
            if (i == 20 || i == 21 || i == 90) throw std::runtime_error(std::to_string(i));
            return i;
          },
          [&](int&&) { ++consumed; });
      FAIL();
    } catch (const std::runtime_error& e) {
      EXPECT_STREQ(e.what(), "20");
      EXPECT_EQ(consumed, 20);
    }
  }
}

TEST(OrderedPipeline, AProducersErrorComesAfterWhatItProduced) {
  OrderedPipeline<int, int> pipeline(2, 4);
  int consumed = 0;
  EXPECT_THROW(pipeline.run(
                   [](const auto& push) {
                     for (int i = 0; i < 30; ++i) push(int(i), 1);
                     throw std::runtime_error("read error");
                   },
                   [](int, int&& i) { return i; }, [&](int&&) { ++consumed; }),
               std::runtime_error);
  EXPECT_EQ(consumed, 30);
}

TEST(SpillSorter, SortsMoreThanItsBuffer) {
  EXPECT_TRUE(rc::check([] {
    test::TempDir dir;
    const auto values =
        *rc::gen::container<std::vector<std::uint32_t>>(rc::gen::arbitrary<std::uint32_t>());
    SpillSorter<std::uint32_t> sorter(dir.path(), 64);  // sixteen elements
    for (const auto value : values) sorter.add(value);
    std::vector<std::uint32_t> sorted;
    sorter.drain([&](std::uint32_t value) { sorted.push_back(value); });
    auto expected = values;
    std::sort(expected.begin(), expected.end());
    RC_ASSERT(sorted == expected);
    RC_ASSERT(std::filesystem::is_empty(dir.path()));
  }));
}

}  // namespace pipeline_test
}  // namespace parley::data
