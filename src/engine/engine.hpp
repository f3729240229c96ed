// The inference engine: one model, many requests, decoded together. submit() queues a request; one
// engine thread admits waiting requests, runs prefill and decode for all of them in shared batches,
// and reports each new piece of text. A reply depends only on model, prompt, seed and settings:
// never on what else is in the batch, on what was cached, preempted or guessed ahead
// (docs/arithmetic.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "nn/model/model.hpp"
#include "nn/model/pooling.hpp"
#include "tokenizer/tokenizer.hpp"

namespace parley::package {
class ModelPackage;
}

namespace parley::engine {

struct Sampling {
  float temperature = 0.7f;  // 0: greedy
  int top_k = 0;             // 0: off
  float top_p = 1.0f;
  float min_p = 0.0f;               // drop tokens below min_p × the most likely one's probability
  float repetition_penalty = 1.0f;  // over prompt and reply, as in CTRL
  float frequency_penalty = 0.0f;   // times how often the reply has the token, off its logit
  float presence_penalty = 0.0f;    // off the logit of every token the reply has
  std::vector<std::pair<text::TokenId, float>> logit_bias;
  std::uint64_t seed = 0;
};

// Which tokens may come next (a grammar, a schema). One object serves one request.
class TokenConstraint {
 public:
  virtual ~TokenConstraint() = default;
  // Sets bit id of `allowed` (32 a word) for every token that may follow; end tokens count.
  virtual void fill_mask(std::span<std::uint32_t> allowed) = 0;
  // Takes a token that the mask allowed. False: it did not fit after all.
  virtual bool accept(text::TokenId token) = 0;
  virtual void rollback(int tokens) = 0;  // forgets the last accepted ones
  virtual bool is_finished() = 0;         // nothing but an end token may follow
};

struct Request {
  std::vector<text::TokenId> prompt;
  Sampling sampling;
  int max_tokens = 256;                    // 0 with prompt_logprobs: score the prompt alone
  std::vector<std::string> stop;           // text that ends the reply; not part of it
  std::vector<text::TokenId> stop_tokens;  // ids that end the reply; not part of it
  bool ignore_stop_tokens = false;
  // Special tokens whose spelling becomes part of the text; others leave no trace in it.
  std::vector<text::TokenId> spelled_tokens;
  std::shared_ptr<TokenConstraint> constraint;
  int logprobs = -1;  // per reply token: its log-probability and this many most likely tokens
  bool prompt_logprobs = false;  // the same for each prompt token but the first
  bool embed = false;            // no reply: the pooled last hidden state of the prompt
  nn::Pooling pooling = nn::Pooling::kMean;

  std::string key;                        // whose request it is: keys share the engine fairly
  int priority = 0;                       // higher goes first
  std::chrono::milliseconds deadline{0};  // from submit(), for the whole reply; 0: none
};

enum class FinishReason { kStop, kLength, kCancelled, kDeadline, kError };
const char* finish_reason_name(FinishReason reason);  // "stop", "length", "cancelled", …

struct TokenLogprobs {
  text::TokenId token = 0;
  float logprob = 0;                                 // natural log, of the unscaled logits
  std::vector<std::pair<text::TokenId, float>> top;  // most likely first
};

struct Update {
  std::string text;  // whole UTF-8 characters only
  bool finished = false;
  FinishReason reason = FinishReason::kStop;  // when finished
  std::string error;                          // when reason is kError
  int prompt_tokens = 0;
  int cached_tokens = 0;                       // of the prompt, taken from the prefix cache
  int reply_tokens = 0;                        // so far
  std::vector<text::TokenId> tokens;           // the ids sampled since the last update
  std::vector<TokenLogprobs> logprobs;         // of `tokens`, when asked for
  std::vector<TokenLogprobs> prompt_logprobs;  // with the first update, when asked for
  std::vector<float> embedding;                // with the last update of an embed request
};

// Called on the engine thread: it must not block and must not call submit() or the destructor. The
// last call has finished = true; none follows it.
using OnUpdate = std::function<void(const Update&)>;
using RequestId = std::uint64_t;

struct Options {
  int threads = 0;          // 0: usable_cpus()
  int max_concurrent = 32;  // sequences in one batch
  int max_queue = 256;      // waiting requests; beyond that submit() fails with kUnavailable
  int prefill_chunk = 256;  // prompt tokens run in one step, at most
  nn::Precision precision = nn::Precision::kInt8;
  int context = 0;            // 0: all the model has
  std::size_t kv_memory = 0;  // bytes for keys and values; 0: a quarter of the memory
  bool prefix_cache = true;   // keep the blocks of finished requests for equal beginnings
  int speculation = 6;        // tokens guessed ahead from the text so far; 0: off
  std::string isa;            // "" or a name of nn::available_kernels() (tests)
  nn::PackCacheOptions pack_cache{};
};

struct Stats {  // monotonic counters and current gauges
  std::uint64_t requests = 0, prompt_tokens = 0, reply_tokens = 0, cancelled = 0, steps = 0;
  std::uint64_t cached_tokens = 0;  // prompt tokens that were not computed
  std::uint64_t preempted = 0, drafted = 0, draft_accepted = 0;
  int running = 0, waiting = 0;
  int last_batch_rows = 0;
  int kv_blocks = 0, kv_blocks_free = 0;  // free: unused; blocks kept for prefixes count as used
};

struct ModelInfo {
  std::string name;     // ModelPackage::name()
  std::string address;  // ModelPackage::address()
  std::int64_t parameters = 0;
  int context = 0;  // tokens of a prompt and its reply, as the model and the memory allow
  int vocabulary = 0;
  std::string architecture;  // "llama"
  std::string kernels;       // "avx512-vnni int8 group 64"
  std::vector<text::TokenId> end_tokens;
  nn::Pooling pooling = nn::Pooling::kMean;  // of its embeddings, as its makers say; else the mean
  std::size_t memory_bytes = 0;              // weights, and keys and values at most
};

class Engine {
 public:
  // Loads a model's weights. `draft`: a smaller model of the same vocabulary that guesses ahead, or
  // null. Errors: as ModelPackage's and nn::Model::load; kInvalidInput for a draft of another
  // vocabulary.
  static std::unique_ptr<Engine> load(const package::ModelPackage& model, const Options& options,
                                      const package::ModelPackage* draft = nullptr);
  // What load() will take, as ModelInfo::memory_bytes has it, told from the model's description.
  static std::size_t expected_memory(const nn::ModelConfig& config, const Options& options);
  // Over models that are there already.
  static std::unique_ptr<Engine> make(std::unique_ptr<nn::Model> model,
                                      std::shared_ptr<const text::Tokenizer> tokenizer,
                                      ModelInfo info, const Options& options,
                                      std::unique_ptr<nn::Model> draft = nullptr);
  virtual ~Engine() = default;  // cancels what is running; every OnUpdate gets its last call first

  virtual const ModelInfo& model() const = 0;
  virtual const text::Tokenizer& tokenizer() const = 0;
  // Thread-safe. Errors: kUnavailable when the queue is full, kContextLength, kInvalidInput.
  virtual RequestId submit(Request request, OnUpdate on_update) = 0;
  // Thread-safe; unknown or finished ids are ignored. The request ends with kCancelled within one
  // step.
  virtual void cancel(RequestId id) = 0;
  virtual Stats stats() const = 0;
};

}  // namespace parley::engine
