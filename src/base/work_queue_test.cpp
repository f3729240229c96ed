#include "base/work_queue.hpp"

#include <gtest/gtest.h>

#include <atomic>

namespace parley {
namespace work_queue_test {

TEST(WorkQueue, RunsEveryJobBeforeItIsDestroyed) {
  std::atomic<int> sum = 0;
  {
    WorkQueue queue(3);
    for (int i = 1; i <= 1000; ++i) queue.post([&sum, i] { sum += i; });
  }
  EXPECT_EQ(sum, 500500);
}

TEST(WorkQueue, OneThreadKeepsTheOrder) {
  std::vector<int> seen;
  {
    WorkQueue queue(1);
    for (int i = 0; i < 100; ++i) {
      queue.post([&queue, &seen, i] {
        if (i == 99) queue.post([&seen] { seen.push_back(100); });  // a job may post
        seen.push_back(i);
      });
    }
  }
  ASSERT_EQ(seen.size(), 101u);
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(seen[i], i);
}

}  // namespace work_queue_test
}  // namespace parley
