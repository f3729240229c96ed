// A request on its way through the engine.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "engine/engine.hpp"
#include "engine/ngram_draft.hpp"
#include "engine/text_stream.hpp"
#include "nn/model/kv_cache.hpp"

namespace parley::engine {

struct Sequence {
  RequestId id;
  Request request;
  OnUpdate on_update;
  std::chrono::steady_clock::time_point due;  // max() without a deadline
  std::vector<text::TokenId> tokens;          // prompt, then reply
  int in_cache = 0;                           // tokens whose keys and values are in `cache`
  int cached_prompt = 0;                      // of those, taken from the prefix cache at the start
  int published = 0;                          // full blocks the prefix cache knows
  std::unique_ptr<nn::KvSequence> cache;      // null while waiting
  TextStream text;
  NgramDraft drafter;
  std::vector<text::TokenId> draft;  // guessed to follow tokens.back(), in this step
  bool draft_by_model = false;
  int first_output = -1;  // this step's first row of logits
  int outputs = 0;        // rows of logits, for the last `outputs` positions fed
  int fed = 0;            // rows of this step
  std::vector<TokenLogprobs> prompt_logprobs;
  std::vector<float> pooled;  // embed: the sum so far (kMean), or the state
  bool cancelled = false;
  bool done = false;

  Sequence(RequestId number, Request&& r, OnUpdate&& callback, int speculation)
      : id(number),
        request(std::move(r)),
        on_update(std::move(callback)),
        due(request.deadline.count() > 0 ? std::chrono::steady_clock::now() + request.deadline
                                         : std::chrono::steady_clock::time_point::max()),
        text(request.stop),
        drafter(request.embed ? 0 : speculation) {
    tokens = request.prompt;
  }
  int size() const { return static_cast<int>(tokens.size()); }
  int prompt_size() const { return static_cast<int>(request.prompt.size()); }
  int reply_size() const { return size() - prompt_size(); }
  bool decoding() const { return size() - in_cache == 1; }
};

}  // namespace parley::engine
