#include "engine/team_size.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace parley::engine {
namespace team_size_test {

// Two processors: alone, two members take 6 ms for what one takes 9 for. With somebody else on the
// second one, two members take 16 and sleep half of it.
struct Machine {
  bool busy = false;
  std::mt19937 random{3};
  void step(TeamSize& size) {
    const double noise = std::uniform_real_distribution<>(0.9, 1.1)(random);
    const bool two = size.now() == 2;
    const double seconds = noise * (!two ? 0.009 : busy ? 0.016 : 0.006);
    size.learn(1, seconds, two ? (busy ? seconds : 0.02 * seconds) : 0);
  }
  double share_of_two(TeamSize& size, int steps) {
    int two = 0;
    for (int i = 0; i < steps; ++i) {
      two += size.now() == 2;
      step(size);
    }
    return static_cast<double>(two) / steps;
  }
};

TEST(TeamSize, FollowsWhatIsQuicker) {
  TeamSize size(2);
  Machine machine;
  EXPECT_EQ(machine.share_of_two(size, 500), 1);
  machine.busy = true;
  machine.share_of_two(size, 100);
  EXPECT_LT(machine.share_of_two(size, 1000), 0.15);  // a trial now and then
  machine.busy = false;
  machine.share_of_two(size, 200);
  EXPECT_EQ(machine.share_of_two(size, 500), 1);
}

TEST(TeamSize, SleepingAloneIsNoReason) {
  TeamSize size(8);
  // A small model: members sleep much, and fewer would be slower.
  int all = 0;
  for (int i = 0; i < 2000; ++i) {
    all += size.now() == 8;
    const double seconds = 0.001 * 8 / size.now();
    size.learn(4, seconds, 0.3 * seconds * size.now());
  }
  EXPECT_GT(all, 1700);
}

TEST(TeamSize, OneThreadStaysOne) {
  TeamSize size(1);
  for (int i = 0; i < 100; ++i) size.learn(1, 0.01, 0);
  EXPECT_EQ(size.now(), 1);
}

}  // namespace team_size_test
}  // namespace parley::engine
