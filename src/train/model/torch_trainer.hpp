// The model and its optimiser, behind a seam without torch types: what the run loop (trainer.cpp)
// drives.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "train/run/checkpoint.hpp"
#include "train/run/plan.hpp"
#include "train/tokens/packer.hpp"

namespace parley::train {

enum class ComputeType {
  kAuto,       // bf16 where the processor multiplies it in hardware
  kBf16,       // by the kernels of train/fast/bf16 where they fit, else by torch
  kTorchBf16,  // by torch even then (tests, measurements)
  kFloat32
};

struct StepResult {
  float loss = 0;
  float gradient_norm = 0;
};

struct EvalResult {
  double loss_sum = 0;  // nats over all targets
  std::int64_t targets = 0;
  double mean() const { return targets > 0 ? loss_sum / static_cast<double>(targets) : 0; }
};

// Per target, in the batch's order.
struct TokenScores {
  std::vector<float> loss;  // nats
  std::vector<std::int32_t> argmax;
};

struct SavedWeight {
  std::string name;  // Hugging Face's
  std::vector<std::int64_t> shape;
  std::vector<std::uint16_t> bf16;
};

class TorchTrainer {
 public:
  TorchTrainer(const TrainPlan& plan, int threads, ComputeType type);
  ~TorchTrainer();

  // One optimiser step at the given learning rate. `step` counts from 0 (AdamW's bias correction,
  // dropout's mask).
  StepResult step(const Batch& batch, double learning_rate, std::int64_t step);
  EvalResult evaluate(const Batch& batch, TokenScores* scores = nullptr);

  // Master weights and both moments; after changing them from outside call weights_changed().
  std::vector<FloatArray> state();
  void weights_changed();
  void set_weight(const std::string& name, const float* values, std::size_t count);
  std::vector<SavedWeight> weights() const;

  std::string compute_type() const;  // "bf16" or "float32"
  std::int64_t parameters() const;
  // Floating-point operations of one training step on this batch: matrix products, forward and
  // backward.
  double flops(const Batch& batch) const;
  // What this machine's matrix products reach in the compute type, in FLOP/s: the best of several
  // 2,048³ products.
  double measure_peak() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace parley::train
