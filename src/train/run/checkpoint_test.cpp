// A run's state comes back whole or not at all, and only to the run it belongs to.
#include "train/run/checkpoint.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/file.hpp"
#include "base/test_support.hpp"

namespace parley::train {
namespace checkpoint_test {
namespace fs = std::filesystem;

class CheckpointTest : public ::testing::Test {
 protected:
  static TrainState state_at(std::int64_t step) {
    TrainState s;
    s.step = step, s.steps = 900, s.epoch = 2, s.row = 17, s.seconds = 12.5;
    s.anchor_step = 3, s.anchor_rate = 0.1, s.replan_at = 44;
    s.best_validation = 1.0 / 3.0, s.best_step = 6, s.worse_in_a_row = 1;
    s.loss = 2.0 / 3.0, s.validation_loss = 0.7, s.stopped_early = true;
    s.plan = "key";
    return s;
  }
  // Weights that tell which step they are of.
  void save(std::int64_t step) {
    std::vector<float> first(5, static_cast<float>(step)), second(3, static_cast<float>(-step));
    save_checkpoint(folder(), state_at(step), {{first.data(), 5}, {second.data(), 3}});
  }
  std::optional<TrainState> load(const std::string& plan = "key") {
    first_.assign(5, 99), second_.assign(3, 99);
    return load_checkpoint(folder(), plan, {{first_.data(), 5}, {second_.data(), 3}});
  }
  std::int64_t step_loaded() {
    const auto found = load();
    return found ? found->step : -1;
  }
  fs::path folder() const { return folder_.path() / "run"; }
  fs::path file(std::int64_t step) const {
    return folder() / ("step-000000000" + std::to_string(step) + ".ckpt");
  }
  std::set<std::string> names() const {
    std::set<std::string> out;
    for (const auto& entry : fs::directory_iterator(folder()))
      out.insert(entry.path().filename().string());
    return out;
  }

  test::TempDir folder_;
  std::vector<float> first_, second_;
};

TEST_F(CheckpointTest, ComesBackToTheLastBit) {
  EXPECT_FALSE(load()) << "no folder yet";
  save(7);
  const auto found = load();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->to_json(), state_at(7).to_json());
  EXPECT_EQ(found->best_validation, 1.0 / 3.0);
  EXPECT_TRUE(found->stopped_early);
  EXPECT_EQ(first_, std::vector<float>(5, 7));
  EXPECT_EQ(second_, std::vector<float>(3, -7));
}

TEST_F(CheckpointTest, KeepsTheNewestTwoAndNoTemporaryFile) {
  for (const int step : {7, 8, 9}) save(step);
  EXPECT_EQ(names(), (std::set<std::string>{"step-0000000008.ckpt", "step-0000000009.ckpt"}));
  EXPECT_EQ(step_loaded(), 9);
}

TEST_F(CheckpointTest, ADamagedOneFallsBackToTheOneBefore) {
  save(8), save(9);
  const std::string whole = read_file(file(9));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] ^= 1;
    std::ofstream(file(9), std::ios::binary) << damaged;
    EXPECT_EQ(step_loaded(), 8) << "byte " << at;
  }
}

TEST_F(CheckpointTest, ATornOneFallsBackToTheOneBefore) {
  save(8), save(9);
  const std::string whole = read_file(file(9));
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    fs::resize_file(file(9), size);
    EXPECT_EQ(step_loaded(), 8) << "cut to " << size;
    std::ofstream(file(9), std::ios::binary) << whole;
  }
  std::ofstream(file(9), std::ios::binary) << whole << "tail";
  EXPECT_EQ(step_loaded(), 8);
  fs::remove(file(8));
  EXPECT_FALSE(load());
  EXPECT_EQ(first_, std::vector<float>(5, 99)) << "nothing was written into the weights";
}

TEST_F(CheckpointTest, AnotherRunsIsNotTakenUp) {
  save(9);
  EXPECT_FALSE(load("other settings"));
  EXPECT_EQ(first_, std::vector<float>(5, 99));
  std::vector<float> larger(9);
  EXPECT_FALSE(load_checkpoint(folder(), "key", {{larger.data(), 9}})) << "of another shape";
}

TEST_F(CheckpointTest, AWriteThatIsCutShortIsNotSeen) {
  save(8);
  // As kill -9 leaves it: the temporary file of a write that never ended.
  std::ofstream(file(9).string() + ".tmp-123-0", std::ios::binary) << "PARLEYC1 half a file";
  EXPECT_EQ(step_loaded(), 8);
}

}  // namespace checkpoint_test
}  // namespace parley::train
