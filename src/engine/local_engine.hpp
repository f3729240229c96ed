// The engine on this machine's processors. One thread owns the model, the cache and the running
// sequences; the public functions only touch the queue, under its mutex.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "engine/engine.hpp"
#include "engine/sampler.hpp"
#include "engine/text_stream.hpp"
#include "nn/forward.hpp"

namespace parley::engine {

class LocalEngine : public Engine {
 public:
  LocalEngine(const std::filesystem::path& folder, const Options& options);
  ~LocalEngine() override;
  const ModelInfo& model() const override { return info_; }
  const text::Tokenizer& tokenizer() const override { return *tokenizer_; }
  RequestId submit(Request request, OnUpdate on_update) override;
  void cancel(RequestId id) override;
  Stats stats() const override;

 private:
  struct Sequence;

  void loop();
  bool take_work();  // false when the engine is to stop
  void admit_waiting();
  void step();
  void accept(Sequence& sequence, text::TokenId token);
  void finish(Sequence& sequence, FinishReason reason, const std::string& error = {});
  void send(Sequence& sequence, const Update& update);
  void drop_finished();

  Options options_;
  std::unique_ptr<nn::Model> model_;
  std::unique_ptr<text::Tokenizer> tokenizer_;
  const nn::Kernels& kernels_;
  ModelInfo info_;
  ThreadTeam team_;
  nn::KvCache cache_;
  nn::ForwardPass forward_;
  Sampler sampler_;
  std::vector<nn::Row> rows_;
  std::vector<float> logits_;  // [max_concurrent][vocabulary]
  std::vector<std::unique_ptr<Sequence>> running_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<Sequence>> waiting_;  // guarded by mutex_, as all below
  std::vector<RequestId> cancelled_;
  Stats stats_;
  RequestId next_id_ = 1;
  bool stop_ = false;
  std::thread thread_;  // last: starts when all else is there
};

}  // namespace parley::engine
