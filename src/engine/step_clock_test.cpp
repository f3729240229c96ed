#include "engine/step_clock.hpp"

#include <gtest/gtest.h>

#include <random>

namespace parley::engine {
namespace step_clock_test {

// A machine that needs 6 ms for the weights and half a millisecond a row, give or take a fifth.
class Machine {
 public:
  double seconds(int rows) {
    return (0.006 + 0.0005 * rows) * std::uniform_real_distribution<>(0.8, 1.2)(random_);
  }

 private:
  std::mt19937 random_{7};
};

TEST(StepClock, LearnsWhatAStepCosts) {
  StepClock clock;
  Machine machine;
  for (const int rows : {512, 1, 1, 4, 4, 4, 40, 16, 4, 1, 200, 8, 8, 8, 8, 16, 16, 30})
    clock.learn(rows, machine.seconds(rows));
  EXPECT_NEAR(clock.seconds(1), 0.0065, 0.002);
  EXPECT_NEAR(clock.seconds(100), 0.056, 0.012);
}

TEST(StepClock, ALongPromptStretchesAStepByLessThanTwo) {
  StepClock clock;
  Machine machine;
  clock.learn(256, machine.seconds(256));
  for (int i = 0; i < 200; ++i) {
    const int rows = 4 + clock.prompt_rows(4, 4, 1, 512);
    if (i > 20) {
      EXPECT_GT(rows, 4 + 6) << i;
      EXPECT_LT(rows, 4 + 30) << i;
    }
    clock.learn(rows, machine.seconds(rows));
  }
}

// Sixteen chats run when sixteen more come: those are not fed a few tokens a step.
TEST(StepClock, ThoseWhoWaitGetTheirShare) {
  StepClock clock;
  Machine machine;
  for (int i = 0; i < 50; ++i) clock.learn(1, machine.seconds(1));
  int steps = 0, left = 16 * 16;
  for (; left > 0; ++steps) {
    const int waiting = (left + 15) / 16, chats = 32 - waiting;
    const int rows = clock.prompt_rows(chats, chats, waiting, 256);
    left -= rows;
    clock.learn(chats + rows, machine.seconds(chats + rows));
  }
  EXPECT_LT(steps, 16);
}

TEST(StepClock, StepsOfOneSizeKeepTheProportion) {
  StepClock clock;
  Machine machine;
  for (int i = 0; i < 1000; ++i) clock.learn(4, machine.seconds(4));
  EXPECT_NEAR(clock.seconds(4), 0.008, 0.001);
  EXPECT_GT(clock.prompt_rows(4, 4, 1, 512), 4);
  EXPECT_LE(clock.prompt_rows(0, 0, 1, 512), 512);
}

}  // namespace step_clock_test
}  // namespace parley::engine
