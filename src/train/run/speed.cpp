#include "train/run/speed.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clock.hpp"
#include "base/cpu.hpp"

namespace parley::train {

Json measure_training_speed(int steps, int threads, ComputeType compute) {
  TrainPlan plan;
  nn::ModelConfig& c = plan.model;
  c.vocabulary = 8192, c.width = 384, c.layers = 6, c.heads = 6, c.kv_heads = 6, c.head_dim = 64;
  c.hidden = 1024, c.context = 256;
  plan.sequence = 256, plan.batch = 16;
  TorchTrainer trainer(plan, threads > 0 ? threads : usable_cpus(), compute);
  Batch batch;
  batch.rows = plan.batch, batch.sequence = plan.sequence;
  batch.used_tokens = std::int64_t{plan.batch} * plan.sequence;
  std::uint64_t random = 1;
  const auto token = [&] {
    random = random * 6364136223846793005ull + 1442695040888963407ull;
    return static_cast<std::int32_t>((random >> 33) % 8192);
  };
  for (std::int64_t i = 0; i < batch.used_tokens; ++i) {
    batch.ids.push_back(token());
    batch.first_key.push_back(0);
    batch.target_rows.push_back(i);
    batch.targets.push_back(token());
  }
  const double peak = trainer.measure_peak();
  std::vector<double> seconds;
  float loss = 0;
  for (int step = 0; step < steps; ++step) {
    const double start = Clock::system().monotonic_s();
    loss = trainer.step(batch, 1e-3, step).loss;
    if (step >= 2 || steps < 4) seconds.push_back(Clock::system().monotonic_s() - start);
  }
  std::sort(seconds.begin(), seconds.end());
  const double median = seconds[seconds.size() / 2];
  return {{"program", "parley-train, " + trainer.compute_type()},
          {"parameters", trainer.parameters()},
          {"loss", std::round(loss * 1e4) / 1e4},
          {"step_ms", std::round(median * 1e4) / 10},
          {"tokens_per_second", static_cast<std::int64_t>(double(batch.used_tokens) / median)},
          {"peak_share", std::round(trainer.flops(batch) / median / peak * 1e3) / 1e3}};
}

}  // namespace parley::train
