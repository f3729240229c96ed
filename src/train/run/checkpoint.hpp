// The whole state of a run, so that a run that was killed goes on as if it had not been: float32
// master weights and both AdamW moments, the step, the place in the data, and the run's history. A
// file is
//   "PARLEYC1", SHA-256 of all that follows (32 bytes as 64 hex digits), uint64 length of JSON,
//   JSON, float32 arrays
// The newest two are kept: a damaged one falls back to the other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"

namespace parley::train {

struct TrainState {
  std::int64_t step = 0;            // steps done
  std::int64_t steps = 0;           // planned; 0 until known
  std::int64_t epoch = 0, row = 0;  // of the data
  double seconds = 0;               // spent training
  // From here the learning rate falls in a line to zero at `steps`: the end of the warm-up, or the
  // last step at which a run with a time budget was planned anew.
  std::int64_t anchor_step = 0;
  double anchor_rate = 0;      // 0: still warming up, or planned once
  std::int64_t replan_at = 0;  // the step to look at the clock again; 0: never
  double best_validation = 1e30;
  std::int64_t best_step = 0;
  int worse_in_a_row = 0;
  double loss = 0;             // smoothed
  double validation_loss = 0;  // the last one; 0: none yet
  bool stopped_early = false;  // training is over, `steps` or not
  std::string plan;            // run_key(): a checkpoint of other settings is not taken up
  Json to_json() const;
  static TrainState from_json(const Json& json);
};

// Arrays are given as (data, count) in a fixed order.
struct FloatArray {
  float* data;
  std::size_t count;
};

void save_checkpoint(const std::filesystem::path& folder, const TrainState& state,
                     const std::vector<FloatArray>& arrays);

// Fills `arrays` from the newest whole checkpoint of the same plan; nothing when there is none.
// Damaged files are skipped with a warning in the log.
std::optional<TrainState> load_checkpoint(const std::filesystem::path& folder,
                                          const std::string& plan,
                                          const std::vector<FloatArray>& arrays);

}  // namespace parley::train
