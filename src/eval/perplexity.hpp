// How well the engine's model predicts the assistant's words of real conversations, or any text, by
// the same arithmetic that serves.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "nn/kernels/packed_linear.hpp"
#include "package/model_package.hpp"

namespace parley::eval {

struct PredictionReport {
  std::int64_t conversations = 0;
  std::int64_t targets = 0;     // assistant tokens, end tokens included
  std::int64_t text_bytes = 0;  // of assistant text
  std::int64_t top1_hits = 0;
  double loss_sum = 0;               // nats
  std::vector<std::int32_t> argmax;  // per target, in order
  std::string kernels;

  double perplexity() const;
  double bits_per_byte() const;
};

struct PredictionOptions {
  nn::Precision precision = nn::Precision::kInt8;
  int threads = 0;  // 0: usable_cpus()
  std::string isa;  // "" for the best
};

// A text longer than the context, or than 4,096 tokens, is scored in windows half that apart; each
// target counts once, in the first window that holds it. Errors: as of ModelPackage and
// data::read_conversations.
PredictionReport score_conversations(const package::ModelPackage& model,
                                     const std::filesystem::path& jsonl,
                                     const PredictionOptions& options);

// The same of a plain text: every token but the first is a target, all bytes count.
PredictionReport score_text(const package::ModelPackage& model, const std::filesystem::path& file,
                            const PredictionOptions& options);

// The per-target values another implementation wrote: int64 count, then int32 argmax and float32
// log-probability each.
struct ReferenceScores {
  std::vector<std::int32_t> argmax;
  double loss_sum = 0;
};
ReferenceScores read_reference(const std::filesystem::path& path);

}  // namespace parley::eval
