// The options of training, declared once for both programs: `parley train` checks them and hands
// them on, parley-train runs them.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace parley::cli {

struct TrainArguments {
  std::string project = ".";
  std::optional<double> minutes, learning_rate;
  std::optional<int> steps, batch;
  std::optional<std::string> size;
  int threads = 0;
  double checkpoint_seconds = 20;
  std::int64_t stop_after = 0;  // 0: at the end
  bool fresh = false, float32 = false;
};

void add_train_options(CLI::App& app, TrainArguments& arguments);

// The options that were given to `app`, as a command line for another app that has the same ones.
std::vector<std::string> given_options(const CLI::App& app);

}  // namespace parley::cli
