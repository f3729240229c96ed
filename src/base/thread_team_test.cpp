#include "base/thread_team.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <stdexcept>

namespace parley {
namespace thread_team_test {

TEST(ThreadTeam, BarriersOrderThePhases) {
  for (const int members : {1, 2, 3, 5}) {
    ThreadTeam team(members);
    std::vector<int> values(100, 0), sums(members, 0);
    for (int round = 1; round <= 200; ++round) {
      team.run([&](int member) {
        const auto [begin, end] = team.share(100, member);
        for (int i = begin; i < end; ++i) values[i] = round + i;
        team.barrier();
        sums[member] = std::accumulate(values.begin(), values.end(), 0);
        team.barrier();
      });
      for (const int sum : sums) ASSERT_EQ(sum, 100 * round + 4950);
    }
  }
}

TEST(ThreadTeam, FewerMembersDoAllOfTheWork) {
  ThreadTeam team(4);
  for (int round = 0; round < 400; ++round) {
    const int used = round * 7 % 4 + 1;
    team.use(used);
    std::vector<int> seen(100, 0);
    std::atomic<int> members = 0;
    team.run([&](int member) {
      EXPECT_LT(member, used);
      ++members;
      for (int phase = 0; phase < 3; ++phase) {
        team.share_out(100, 1, [&](int begin, int end) {
          for (int i = begin; i < end; ++i) ++seen[static_cast<std::size_t>(i)];
        });
        team.barrier();
      }
    });
    ASSERT_EQ(members, used);
    for (const int each : seen) ASSERT_EQ(each, 3);
  }
}

TEST(ParallelFor, CoversEveryItemOnceAndPassesErrorsOn) {
  std::vector<int> seen(1000, 0);
  parallel_for(1000, 4, [&](int begin, int end) {
    for (int i = begin; i < end; ++i) ++seen[i];
  });
  for (const int count : seen) ASSERT_EQ(count, 1);
  EXPECT_THROW(parallel_for(10, 2, [](int, int) { throw std::runtime_error("x"); }),
               std::runtime_error);
}

}  // namespace thread_team_test
}  // namespace parley
