// Training a project's model from its dataset, and measuring a model in float32. No torch types:
// this is all that parley_train_main.cpp sees.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/project_folder.hpp"
#include "train/model/export.hpp"
#include "train/model/torch_trainer.hpp"
#include "train/run/settings.hpp"

namespace parley::train {

struct TrainOptions {
  bool fresh = false;  // forget checkpoints of this plan
  int threads = 0;     // 0: usable_cpus()
  ComputeType compute = ComputeType::kAuto;
  double checkpoint_seconds = 20;
  SamplingAdvice advice;  // exported with the model
  std::int64_t stop_after =
      0;  // end without finishing after this many steps of this process (tests of resuming)
};

struct TrainOutcome {
  std::filesystem::path model;  // the finished folder
  std::int64_t steps = 0;
  double train_loss = 0, validation_loss = 0, minutes = 0;
  bool finished = false;
};

// Tokenizer, tokens, training, export. Takes up where an interrupted run of the same data and
// settings stopped. Errors: kNotFound (no dataset), kInvalidInput (too little data), kIo (disk
// full: the last checkpoint is intact).
TrainOutcome train_project(const ProjectFolder& project, const ModelSettings& model,
                           const TrainSettings& training, const TrainOptions& options);

struct EvalReport {
  std::int64_t conversations = 0, targets = 0, text_bytes = 0, top1_hits = 0;
  double loss_sum = 0;  // nats
  double perplexity() const;
  double bits_per_byte()
      const;  // bits of all assistant tokens, end tokens included, over bytes of assistant text
};

// Scores the assistant messages of an OpenAI chat JSONL file under the model, by torch in float32.
// With `dump`, writes per target position, in order: int32 most likely token, float32 natural-log
// probability of the true token; after an int64 count.
EvalReport evaluate_model(const std::filesystem::path& model, const std::filesystem::path& jsonl,
                          const std::optional<std::filesystem::path>& dump, int threads);

}  // namespace parley::train
