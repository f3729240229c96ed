// The engine on this machine's processors. One thread owns the model, the cache and the running
// sequences; the public functions only touch the queue, under its mutex.
//
// A step: take finished and cancelled requests out, admit waiting ones, give every decoding
// sequence its row (and rows for tokens guessed ahead), fill up with prompt rows as far as the step
// may grow, run the model, sample. Cache blocks are taken as positions need them; when none is
// left, blocks kept for prefixes go, then the latest of the least important sequences is set back:
// it returns to the queue and computes its tokens again later, to the same bits.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/thread_team.hpp"
#include "engine/engine.hpp"
#include "engine/model_draft.hpp"
#include "engine/prefix_cache.hpp"
#include "engine/request_queue.hpp"
#include "engine/sampler.hpp"
#include "engine/step_clock.hpp"
#include "engine/team_size.hpp"
#include "nn/model/forward.hpp"

namespace parley::engine {

// Blocks within the budget, at least one full context, and no more than every sequence at full
// context plus as much again for prefixes.
int cache_blocks(const nn::ModelConfig& config, int context, bool float32, const Options& options);

class LocalEngine : public Engine {
 public:
  LocalEngine(std::unique_ptr<nn::Model> model, std::shared_ptr<const text::Tokenizer> tokenizer,
              ModelInfo info, const Options& options, std::unique_ptr<nn::Model> draft);
  ~LocalEngine() override;
  const ModelInfo& model() const override { return info_; }
  const text::Tokenizer& tokenizer() const override { return *tokenizer_; }
  RequestId submit(Request request, OnUpdate on_update) override;
  void cancel(RequestId id) override;
  Stats stats() const override;

 private:
  void loop();
  bool take_work();  // false when the engine is to stop
  void admit_waiting();
  void step();
  void guess_ahead(int decoding);
  bool feed(Sequence& sequence, int count);  // false when it was set back for want of blocks
  bool make_room(Sequence& sequence, int positions);
  bool set_back_for(const Sequence& needy);
  void set_back(Sequence& sequence);
  void sample_all();
  void note_prompt_outputs(Sequence& sequence);
  void pool(Sequence& sequence);
  // Appends a token; false when it ended the request.
  bool accept(Sequence& sequence, text::TokenId token, Update& update);
  void finish(Sequence& sequence, FinishReason reason, const std::string& error = {});
  void finish(Sequence& sequence, FinishReason reason, Update& update);
  void send(Sequence& sequence, const Update& update);
  void publish(Sequence& sequence);
  void drop_finished();
  void check(const Request& request) const;

  Options options_;
  std::unique_ptr<nn::Model> model_;
  std::shared_ptr<const text::Tokenizer> tokenizer_;
  const nn::Kernels& kernels_;
  ModelInfo info_;
  ThreadTeam team_;
  TeamSize team_size_;
  nn::KvCache cache_;
  PrefixCache prefixes_;
  nn::ForwardPass forward_;
  StepClock clock_;
  std::unique_ptr<ModelDraft> draft_;  // null without a draft model
  std::vector<Sampler> samplers_;      // per member of the team
  std::vector<std::vector<float>> scratch_;
  std::vector<nn::Row> rows_;
  int outputs_ = 0;  // rows of this step that want logits
  std::vector<std::unique_ptr<Sequence>> running_;
  struct Drawn {  // what sampling gave for one sequence in this step
    Sequence* sequence;
    std::vector<text::TokenId> tokens;
    std::vector<TokenLogprobs> logprobs;
  };
  std::vector<Drawn> drawn_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  RequestQueue waiting_;  // guarded by mutex_, as all below
  std::vector<RequestId> cancelled_;
  Stats stats_;
  RequestId next_id_ = 1;
  bool stop_ = false;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace parley::engine
