#include "engine/model_draft.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace parley::engine {

using text::TokenId;
using Clock = std::chrono::steady_clock;

namespace {

// What one more row adds to a step that reads the weights anyway: about a twelfth of it with up to
// eight rows on two cores (bench/engine_bench: 4 chats take 1.07 steps, 16 take 2.5).
constexpr double kRowCost = 0.08;

void follow(double& value, double seen) {
  value = value <= 0 ? seen : 0.9 * value + 0.1 * seen;
}

}  // namespace

int DraftLength::choose(int most, double cost) {
  int best = 0;
  double best_speed = 1, tokens = 1, power = 1;
  for (int n = 1; n <= most; ++n) {
    power *= rate_;
    tokens += power;
    const double speed = tokens / (1 + n * (cost + kRowCost));
    if (speed > best_speed) best = n, best_speed = speed;
  }
  if (best > 0) {
    since_ = 0;
  } else if (++since_ >= kRetry) {
    since_ = 0;
    return std::min(most, 2);
  }
  return best;
}

void DraftLength::learn(int proposed, int accepted) {
  for (int i = 0; i < std::min(proposed, accepted + 1); ++i) follow(rate_, i < accepted ? 1 : 0);
}

ModelDraft::ModelDraft(std::unique_ptr<nn::Model> model, const nn::Kernels& kernels,
                       ThreadTeam& team, int sequences, int vocabulary)
    : model_(std::move(model)),
      cache_(model_->config(), model_->is_float32(),
             sequences * nn::KvCache::blocks_for(model_->context())),
      forward_(*model_, kernels, cache_, team, kCatchUp + sequences, sequences),
      sampler_(kernels, model_->config().vocabulary),
      vocabulary_(vocabulary) {}

void ModelDraft::feed(State& state, std::span<const TokenId> tokens, bool wants_logits) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    nn::Row row;
    row.token = tokens[i];
    row.position = static_cast<int>(state.fed.size());
    row.sequence = &state.keys;
    row.wants_logits = wants_logits && i + 1 == tokens.size();
    state.fed.push_back(tokens[i]);
    rows_.push_back(row);
  }
}

void ModelDraft::propose(std::span<Sequence* const> sequences, int most) {
  const double cost = step_seconds_ > 0 ? guess_seconds_ / step_seconds_ : 0.25;
  rows_.clear();
  std::vector<std::pair<Sequence*, State*>> guessing;
  int outputs = 0;
  for (Sequence* s : sequences) {
    State& state = states_.try_emplace(s->id, cache_).first->second;
    // What was guessed and not taken is written again.
    std::size_t known = static_cast<std::size_t>(state.agreed);
    while (known < state.fed.size() && known < s->tokens.size() &&
           state.fed[known] == s->tokens[known])
      ++known;
    state.fed.resize(known);
    state.agreed = static_cast<int>(known);
    const int left = s->request.max_tokens - s->reply_size() - 1;
    const int room = std::min(model_->context() - s->size(), std::min(left, most));
    if (room <= 0) continue;
    const int missing = s->size() - static_cast<int>(known);
    const int taken = std::clamp(kCatchUp - static_cast<int>(rows_.size()), 0, missing);
    state.wanted = taken == missing ? state.length.choose(room, cost) : 0;
    // The model may have ids beyond the small one's: padding that nothing but a bias can bring up.
    const auto next = std::span(s->tokens).subspan(known, static_cast<std::size_t>(taken));
    if (std::ranges::any_of(next, [&](TokenId id) { return id >= model_->config().vocabulary; }))
      continue;
    // A step without a guess reads on all the same, so that the text to catch up on stays short.
    if (taken <= 0 || !state.keys.reserve(static_cast<int>(known) + taken + state.wanted)) continue;
    feed(state, next, state.wanted > 0);
    if (state.wanted == 0) continue;
    state.output = outputs++;
    guessing.emplace_back(s, &state);
  }
  if (rows_.empty()) return;
  const bool catching_up = rows_.size() > 2 * guessing.size() + 1;
  for (int round = 0;; ++round) {
    const auto before = Clock::now();
    forward_.run(rows_);
    rows_.clear();
    outputs = 0;
    for (auto& [s, state] : guessing) {
      if (state->output < 0) continue;
      const auto history = [&] {
        std::vector<TokenId> all = s->tokens;
        all.insert(all.end(), s->draft.begin(), s->draft.end());
        return all;
      }();
      const std::span<float> logits = forward_.logits(state->output);
      mask_.clear();
      if (s->request.constraint) {
        mask_.assign((logits.size() + 31) / 32, 0);
        s->request.constraint->fill_mask(mask_);
      }
      const TokenId token =
          sampler_.sample(logits, s->request.sampling, history, s->request.prompt.size(),
                          static_cast<int>(history.size()), mask_);
      state->output = -1;
      if (token >= vocabulary_ || (s->request.constraint && !s->request.constraint->accept(token)))
        continue;
      s->draft.push_back(token);
      if (static_cast<int>(s->draft.size()) >= state->wanted) continue;
      feed(*state, {&s->draft.back(), 1}, true);
      state->output = outputs++;
    }
    if (round > 0 || !catching_up)
      follow(guess_seconds_, std::chrono::duration<double>(Clock::now() - before).count());
    if (rows_.empty()) break;
  }
  for (auto& [s, state] : guessing) {
    if (s->request.constraint && !s->draft.empty())
      s->request.constraint->rollback(static_cast<int>(s->draft.size()));
  }
}

void ModelDraft::learn(const Sequence& sequence, int proposed, int accepted, double step_seconds) {
  follow(step_seconds_, step_seconds);
  const auto found = states_.find(sequence.id);
  if (found != states_.end() && proposed > 0) found->second.length.learn(proposed, accepted);
}

}  // namespace parley::engine
