// The `model` and `training` sections of parley.yaml.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/fields.hpp"

namespace parley::train {

inline constexpr std::array<std::string_view, 5> kModelSizes = {"nano", "micro", "mini", "small",
                                                                "base"};

// What `size` sets, each overridable. Unset numbers are derived from `size` (train/run/plan.hpp
// says how).
struct ModelSettings {
  std::string size = "mini";  // one of kModelSizes
  std::optional<int> width, layers, heads, kv_heads, hidden, vocabulary, context;
};

struct TrainSettings {
  std::optional<double> minutes;  // time budget; unset: derived from size and data
  std::optional<int> steps;       // a step budget instead
  std::optional<double> learning_rate;
  std::optional<int> batch;  // sequences a step
  std::uint64_t seed = 1;
  bool early_stop = true;
};

void describe(Fields& at, ModelSettings& settings);
void describe(Fields& at, TrainSettings& settings);

}  // namespace parley::train
