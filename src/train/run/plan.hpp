// What a training run will do: the model's shape and the optimiser's settings, from one dial
// (model.size) and what the project overrides. Everything derived is printed before training
// starts.
//
//   size    width  layers  heads (kv)  hidden   vocabulary  context
//   nano      128       3    4 (2)        352        2,048      256
//   micro     192       4    6 (2)        512        4,096      512
//   mini      256       6    8 (4)        704        4,096      512
//   small     384       6    6 (3)      1,024        8,192      512
//   base      512       8    8 (4)      1,376        8,192    1,024
#pragma once

#include <cstdint>
#include <string>

#include "base/json.hpp"
#include "nn/model/model_config.hpp"
#include "train/run/settings.hpp"

namespace parley::train {

struct TrainPlan {
  std::string size;
  nn::ModelConfig model;
  int sequence = 512;  // tokens in one packed row; at most the model's context
  int batch = 8;       // rows a step
  double learning_rate = 0;
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double weight_decay = 0.1;
  double clip = 1.0;  // gradient norm
  double dropout = 0;
  double warmup_share = 0.03;  // of the steps
  std::int64_t steps = 0;      // 0: from `minutes`, once the speed is known
  double max_epochs = 0;       // with a time budget: no more passes over the data than this
  double minutes = 0;
  std::uint64_t seed = 1;
  bool early_stop = true;
};

// `vocabulary` is what the tokenizer came out with; `train_tokens` sets the default horizon.
// Errors: kInvalidInput naming the setting of parley.yaml that cannot be.
TrainPlan make_plan(const ModelSettings& model, const TrainSettings& training,
                    std::int64_t train_tokens);

// The vocabulary to learn a tokenizer for, before anything is tokenised.
int planned_vocabulary(const ModelSettings& model);

// Every field of the plan and of its model's description: what the manifest of the model tells, and
// what run_key() hashes.
Json describe_plan(const TrainPlan& plan);

// Stands for all that decides what a run computes: the plan, the dataset's address, and the
// arithmetic (TorchTrainer::compute_type() and the number of threads, which orders sums). A
// checkpoint of another key is not gone on from.
std::string run_key(const TrainPlan& plan, const std::string& dataset, const std::string& compute,
                    int threads);

// Learning rate at step `i` of `steps`: linear warm-up, then linear decay to zero.
double learning_rate_at(const TrainPlan& plan, std::int64_t step);

}  // namespace parley::train
