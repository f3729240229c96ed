// How fast this machine trains a fixed shape, for bench/train_speed.sh: width 384, 6 layers, 6
// heads, hidden 1,024, vocabulary 8,192, 16 rows of 256 tokens, every token a target.
#pragma once

#include "base/json.hpp"
#include "train/model/torch_trainer.hpp"

namespace parley::train {

// "program", "parameters", "loss", "step_ms" (median), "tokens_per_second", "peak_share".
Json measure_training_speed(int steps, int threads, ComputeType compute);

}  // namespace parley::train
