// The inference engine: one model, many requests, decoded together. submit() queues a request; one
// engine thread admits waiting requests, runs prefill and decode for all of them in shared batches,
// and reports each new piece of text. A reply depends only on model, prompt, seed and settings:
// never on what else is in the batch (docs/arithmetic.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "text/tokenizer.hpp"

namespace parley::engine {

struct Sampling {
  float temperature = 0.7f;  // 0: greedy
  int top_k = 0;             // 0: off
  float top_p = 1.0f;
  float min_p = 0.0f;               // drop tokens below min_p × the most likely one's probability
  float repetition_penalty = 1.0f;  // over prompt and reply, as in CTRL
  std::uint64_t seed = 0;
};

struct Request {
  std::vector<text::TokenId> prompt;
  Sampling sampling;
  int max_tokens = 256;
  std::vector<std::string> stop;           // text that ends the reply; not part of it
  std::vector<text::TokenId> stop_tokens;  // ids that end the reply; not part of it
};

enum class FinishReason { kStop, kLength, kCancelled, kError };
const char* finish_reason_name(FinishReason reason);  // "stop", "length", "cancelled", "error"

struct Update {
  std::string text;  // whole UTF-8 characters only
  bool finished = false;
  FinishReason reason = FinishReason::kStop;  // when finished
  std::string error;                          // when reason is kError
  int prompt_tokens = 0;
  int reply_tokens = 0;               // so far
  std::vector<text::TokenId> tokens;  // the ids sampled since the last update
};

// Called on the engine thread: it must not block and must not call submit() or the destructor. The
// last call has finished = true; none follows it.
using OnUpdate = std::function<void(const Update&)>;
using RequestId = std::uint64_t;

struct Options {
  int threads = 0;          // 0: usable_cpus()
  int max_concurrent = 32;  // sequences in one batch
  int max_queue = 256;      // waiting requests; beyond that submit() fails with kUnavailable
  int prefill_chunk = 256;  // prompt tokens run in one step
  bool float32 = false;     // weights and activations in float32: the reference, slower
  std::string isa;          // "", "scalar", "avx2", "avx512": force a kernel set (tests)
};

struct Stats {  // monotonic counters and current gauges
  std::uint64_t requests = 0, prompt_tokens = 0, reply_tokens = 0, cancelled = 0, steps = 0;
  int running = 0, waiting = 0;
  int last_batch_rows = 0;
};

struct ModelInfo {
  std::string name;     // folder name
  std::string address;  // content address of its manifest, or of its weights
  std::int64_t parameters = 0;
  int context = 0;
  int vocabulary = 0;
  std::string architecture;  // "llama"
  std::string kernels;       // "avx512-vnni int8 group 64"
};

class Engine {
 public:
  // Loads a Hugging Face folder. Errors: kNotFound, kInvalidInput (which tensor or key, and what is
  // supported).
  static std::unique_ptr<Engine> load(const std::filesystem::path& model_dir,
                                      const Options& options);
  virtual ~Engine() = default;  // cancels what is running; every OnUpdate gets its last call first

  virtual const ModelInfo& model() const = 0;
  virtual const text::Tokenizer& tokenizer() const = 0;
  // Thread-safe. Errors: kUnavailable when the queue is full, kLimit when the prompt exceeds the
  // context.
  virtual RequestId submit(Request request, OnUpdate on_update) = 0;
  // Thread-safe; unknown or finished ids are ignored. The request ends with kCancelled within one
  // step.
  virtual void cancel(RequestId id) = 0;
  virtual Stats stats() const = 0;
};

}  // namespace parley::engine
