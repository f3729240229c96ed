// The optimiser's step over all weights, and the product rate that a training run is held against.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <vector>

#include "base/clock.hpp"
#include "train/fast/bf16/network_state.hpp"

namespace parley::train {

using bf16::Bf16;
using bf16::kTile;

double FastNetwork::gradient_norm() const {
  State& s = *state_;
  constexpr std::size_t kChunk = 1 << 18;
  const std::size_t chunks = (s.layout.total + kChunk - 1) / kChunk;
  std::vector<double> sums(chunks);
  s.each(static_cast<int>(chunks), [&](int task, int) {
    const std::size_t from = static_cast<std::size_t>(task) * kChunk;
    sums[static_cast<std::size_t>(task)] =
        bf16::sum_of_squares(s.gradients + from, std::min(kChunk, s.layout.total - from));
  });
  double total = 0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

void FastNetwork::adamw(const Step& step, float* m, float* v) {
  State& s = *state_;
  constexpr std::size_t kChunk = 1 << 18;
  const auto t = static_cast<double>(step.step);
  bf16::AdamW settings{};
  settings.learning_rate = step.learning_rate;
  settings.beta1 = step.beta1;
  settings.beta2 = step.beta2;
  settings.epsilon = step.epsilon;
  settings.gradient_scale = step.gradient_scale;
  settings.bias_correction1 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta1), t));
  settings.bias_correction2 = static_cast<float>(1 - std::pow(static_cast<double>(step.beta2), t));
  const std::size_t chunks = (s.layout.total + kChunk - 1) / kChunk;
  s.each(static_cast<int>(chunks), [&](int task, int) {
    const std::size_t from = static_cast<std::size_t>(task) * kChunk,
                      to = std::min(from + kChunk, s.layout.total);
    const auto part = [&](std::size_t a, std::size_t b, float decay) {
      if (a >= b) return;
      bf16::AdamW use = settings;
      use.weight_decay = decay;
      bf16::adamw(use, b - a, s.weights + a, s.gradients + a, m + a, v + a);
    };
    part(from, std::min(to, s.layout.matrices), step.weight_decay);
    part(std::max(from, s.layout.matrices), to, 0);
  });
  pack_weights();
}

double measure_product_rate(int threads, double seconds) {
  constexpr int kM = 256, kN = 512, kK = 512;
  ThreadTeam team(threads);
  std::atomic<std::int64_t> products{0};
  const double start = Clock::system().monotonic_s();
  team.run([&](int) {
    bf16::begin_thread();
    Array<Bf16> a(static_cast<std::size_t>(kM) * (kK + 32)), b(kN * kK);
    Array<float> c(kM * kN);
    while (Clock::system().monotonic_s() - start < seconds) {
      bf16::matmul_f32(bf16::row_major(a.data(), kK + 32), {b.data(), kK / 32 * kTile, kTile}, kM,
                       kN, kK, c.data(), kN, false);
      ++products;
    }
  });
  const double elapsed = Clock::system().monotonic_s() - start;
  return static_cast<double>(products) * 2.0 * kM * kN * kK / elapsed;
}

}  // namespace parley::train
