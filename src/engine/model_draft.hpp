// Guesses the next tokens with a smaller model of the same vocabulary (speculative decoding). The
// small model is sampled with the request's own settings, seed and positions: where the two models
// agree about what is likely, the same random number picks the same token. A wrong guess costs time
// and changes nothing.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/thread_team.hpp"
#include "engine/sampler.hpp"
#include "engine/sequence.hpp"
#include "nn/model/forward.hpp"

namespace parley::engine {

// How many tokens to guess ahead, from how often guesses held and what they cost.
class DraftLength {
 public:
  // The number, up to `most`, that gives the most tokens a second when one guess takes `cost` of a
  // step. Now and then 2 where 0 would be best, to see whether that is still so.
  int choose(int most, double cost);
  void learn(int proposed, int accepted);

 private:
  static constexpr int kRetry = 32;
  double rate_ = 0.7;       // a guess holds, given that those before it did
  int since_ = kRetry - 1;  // steps without a guess: the first one guesses in any case
};

class ModelDraft {
 public:
  static constexpr int kMost = 8;  // tokens guessed ahead

  // At most `sequences` are guessed for at a time. `team` is not in use while propose() runs.
  // `vocabulary`: of the model guessed for; padding of the small one's own is never guessed.
  ModelDraft(std::unique_ptr<nn::Model> model, const nn::Kernels& kernels, ThreadTeam& team,
             int sequences, int vocabulary);

  // Fills `draft` of each sequence, whose newest token is not yet in the cache, with up to `most`
  // guesses. One whose text the small model has yet to read may get none.
  void propose(std::span<Sequence* const> sequences, int most);
  // What became of them; `step_seconds`: how long the step took that checked them.
  void learn(const Sequence& sequence, int proposed, int accepted, double step_seconds);
  std::size_t memory_bytes() const {
    return model_->weight_bytes() +
           static_cast<std::size_t>(cache_.max_blocks()) * cache_.block_bytes();
  }
  void forget(RequestId id) { states_.erase(id); }

 private:
  struct State {
    explicit State(nn::KvCache& cache) : keys(cache) {}
    nn::KvSequence keys;
    std::vector<text::TokenId> fed;  // tokens whose keys and values are there
    int agreed = 0;                  // of them, known to be the sequence's own
    DraftLength length;
    int wanted = 0;  // guesses in this step
    int output = 0;  // row of logits, or -1
  };
  void feed(State& state, std::span<const text::TokenId> tokens, bool wants_logits);

  static constexpr int kCatchUp = 128;  // rows of text to read in one step
  std::unique_ptr<nn::Model> model_;
  nn::KvCache cache_;
  nn::ForwardPass forward_;
  Sampler sampler_;
  const int vocabulary_;
  std::unordered_map<RequestId, State> states_;
  std::vector<nn::Row> rows_;
  std::vector<std::uint32_t> mask_;
  double guess_seconds_ = 0, step_seconds_ = 0;  // of late
};

}  // namespace parley::engine
