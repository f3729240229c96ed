// What a training run shows: on a terminal one block redrawn in place (bar, losses, speed, ETA, a
// curve of the loss), else a plain line every few seconds. Everything shown is also in the run's
// log.jsonl.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace parley::train {

struct DisplayState {
  std::int64_t step = 0, steps = 0;
  double loss = 0;        // smoothed
  double validation = 0;  // 0: none yet
  double tokens_per_second = 0;
  double peak_share = 0;  // of the machine's matrix peak, 0 … 1
  double seconds = 0;     // spent
  double seconds_left = 0;
  double learning_rate = 0;
  std::int64_t epoch = 0;
};

// One character of ▁▂▃▄▅▆▇█ per value, the last `width` buckets.
std::string sparkline(const std::vector<float>& values, int width);

class TrainDisplay {
 public:
  TrainDisplay();
  ~TrainDisplay();
  void update(const DisplayState& state, float loss);  // rate-limited
  void message(const std::string& line);               // printed above the block
  void close();

 private:
  void draw(const DisplayState& state);
  bool terminal_;
  bool drawn_ = false;
  double last_ = 0;
  std::vector<float> curve_;
};

}  // namespace parley::train
