// What a step's outputs become: sampled tokens, log-probabilities, pooled states, updates.
#include <algorithm>

#include "engine/local_engine.hpp"
#include "engine/logprobs.hpp"

namespace parley::engine {

using text::TokenId;

// Samples for all sequences whose newest token was fed, shared out over the team; then, in order,
// tells who asked.
void LocalEngine::sample_all() {
  drawn_.clear();
  for (auto& s : running_) {
    if (s->fed == 0) continue;
    const bool at_end = s->in_cache + s->fed >= s->size();
    s->in_cache += s->fed;
    if (s->request.embed) {
      pool(*s);
    } else {
      if (s->request.prompt_logprobs && s->reply_size() == 0) note_prompt_outputs(*s);
      if (at_end && s->request.max_tokens > 0) drawn_.push_back({s.get(), {}, {}});
    }
    if (at_end && (s->request.embed || s->request.max_tokens == 0)) {
      Update update;
      update.prompt_logprobs = std::move(s->prompt_logprobs);
      finish(*s, FinishReason::kStop, update);
    }
  }
  const auto draw = [&](Drawn& drawn, int member) {
    Sequence& s = *drawn.sequence;
    const std::size_t m = static_cast<std::size_t>(member);
    // The rows of the newest token and of the guesses after it are the last outputs.
    const int guesses = static_cast<int>(s.draft.size());
    const int first = s.first_output + s.outputs - 1 - guesses;
    std::vector<TokenId> history = s.tokens;
    std::vector<std::uint32_t> mask;
    int taken = 0;
    for (int i = 0; i <= guesses; ++i) {
      const std::span<float> logits = forward_.logits(first + i);
      if (s.request.constraint) {
        mask.assign((logits.size() + 31) / 32, 0);
        s.request.constraint->fill_mask(mask);
      }
      // What was asked for is the model's own distribution: taken before sampling changes it.
      std::vector<float> own;
      if (s.request.logprobs >= 0) own.assign(logits.begin(), logits.end());
      const TokenId token =
          samplers_[m].sample(logits, s.request.sampling, history, s.request.prompt.size(),
                              static_cast<int>(history.size()), mask);
      drawn.tokens.push_back(token);
      if (s.request.logprobs >= 0) {
        drawn.logprobs.push_back(
            token_logprobs(kernels_, own, token, s.request.logprobs, scratch_[m].data()));
      }
      history.push_back(token);
      if (i == guesses || token != s.draft[static_cast<std::size_t>(i)]) break;
      if (s.request.constraint) {
        if (!s.request.constraint->accept(token)) break;
        ++taken;
      }
    }
    if (taken > 0) s.request.constraint->rollback(taken);
  };
  if (!drawn_.empty()) {
    team_.run([&](int member) {
      team_.share_out(static_cast<int>(drawn_.size()), 1, [&](int begin, int end) {
        for (int i = begin; i < end; ++i) draw(drawn_[static_cast<std::size_t>(i)], member);
      });
    });
  }
  std::uint64_t replies = 0, drafted = 0, accepted = 0;
  for (Drawn& drawn : drawn_) {
    Sequence& s = *drawn.sequence;
    const int guesses = static_cast<int>(s.draft.size());
    // Guesses that did not hold leave positions behind that will be written again.
    s.in_cache = s.size() + static_cast<int>(drawn.tokens.size()) - 1;
    const int held = static_cast<int>(drawn.tokens.size()) - 1;
    if (s.draft_by_model) {
      draft_->learn(s, guesses, held, clock_.seconds(1));
    } else {
      s.drafter.learn(guesses, held);
    }
    drafted += static_cast<std::uint64_t>(guesses);
    accepted += drawn.tokens.size() - 1;
    replies += drawn.tokens.size();
    Update update;
    update.prompt_logprobs = std::move(s.prompt_logprobs);
    s.prompt_logprobs.clear();
    const bool was_prompt = s.reply_size() == 0;
    bool open = true;
    for (std::size_t i = 0; open && i < drawn.tokens.size(); ++i) {
      if (i < drawn.logprobs.size()) update.logprobs.push_back(std::move(drawn.logprobs[i]));
      open = accept(s, drawn.tokens[i], update);
    }
    if (!open) continue;
    if (was_prompt || s.in_cache / nn::kKvBlock > s.published) publish(s);
    update.prompt_tokens = s.prompt_size();
    update.cached_tokens = s.cached_prompt;
    update.reply_tokens = s.reply_size();
    send(s, update);
  }
  const std::lock_guard lock(mutex_);
  stats_.reply_tokens += replies;
  stats_.drafted += drafted;
  stats_.draft_accepted += accepted;
  for (const Drawn& drawn : drawn_)
    waiting_.charge(drawn.sequence->request.key, static_cast<double>(drawn.tokens.size()));
}

void LocalEngine::note_prompt_outputs(Sequence& s) {
  const int begin = s.in_cache - s.fed;
  int output = s.first_output;
  for (int position = begin; position < s.in_cache; ++position) {
    if (position + 1 >= s.prompt_size()) break;
    s.prompt_logprobs.push_back(token_logprobs(
        kernels_, forward_.logits(output++), s.tokens[static_cast<std::size_t>(position) + 1],
        std::max(0, s.request.logprobs), scratch_[0].data()));
  }
}

void LocalEngine::pool(Sequence& s) {
  for (int i = 0; i < s.outputs; ++i) {
    const std::span<const float> state = forward_.hidden(s.first_output + i);
    if (s.pooled.empty()) {
      s.pooled.assign(state.begin(), state.end());
    } else {
      for (std::size_t d = 0; d < state.size(); ++d) s.pooled[d] = s.pooled[d] + state[d];
    }
  }
  if (s.request.pooling != nn::Pooling::kMean || s.in_cache < s.size()) return;
  for (float& x : s.pooled) x = x / static_cast<float>(s.size());
}

bool LocalEngine::accept(Sequence& sequence, TokenId token, Update& update) {
  const Request& request = sequence.request;
  const auto& stops = request.stop_tokens;
  if (!request.ignore_stop_tokens && std::find(stops.begin(), stops.end(), token) != stops.end()) {
    if (!update.logprobs.empty()) update.logprobs.pop_back();
    finish(sequence, FinishReason::kStop, update);
    return false;
  }
  if (request.constraint && !request.constraint->accept(token)) {
    update.error = "the constraint refused a token it had allowed";
    finish(sequence, FinishReason::kError, update);
    return false;
  }
  sequence.tokens.push_back(token);
  const auto& spelled = request.spelled_tokens;
  const bool as_spelled = std::find(spelled.begin(), spelled.end(), token) != spelled.end();
  update.text +=
      sequence.text.push(as_spelled ? tokenizer_->piece(token) : tokenizer_->token_bytes(token));
  update.tokens.push_back(token);
  if (sequence.text.stopped() ||
      (request.constraint && request.constraint->is_finished() && stops.empty())) {
    finish(sequence, FinishReason::kStop, update);
    return false;
  }
  if (sequence.reply_size() >= request.max_tokens) {
    finish(sequence, FinishReason::kLength, update);
    return false;
  }
  return true;
}

}  // namespace parley::engine
