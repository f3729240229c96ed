#include "engine/sampler.hpp"

#include <algorithm>

#include "engine/random.hpp"

namespace parley::engine {

using text::TokenId;

namespace {

constexpr float kImpossible = -3e38f;  // exp() of its distance to any logit is 0

}  // namespace

Sampler::Sampler(const nn::Kernels& kernels, int vocabulary)
    : kernels_(kernels), e_(vocabulary), order_(vocabulary), seen_(vocabulary) {}

void Sampler::penalise(std::span<float> logits, const Sampling& s,
                       std::span<const TokenId> history, std::size_t prompt) {
  const auto known = [&](TokenId id) {
    return id >= 0 && static_cast<std::size_t>(id) < logits.size();
  };
  for (const auto& [id, bias] : s.logit_bias) {
    if (known(id)) logits[id] = logits[id] + bias;
  }
  if (s.repetition_penalty != 1.0f) {
    for (const TokenId id : history) {
      if (!known(id) || seen_[id]) continue;
      seen_[id] = 1;
      logits[id] =
          logits[id] > 0 ? logits[id] / s.repetition_penalty : logits[id] * s.repetition_penalty;
    }
    for (const TokenId id : history) {
      if (known(id)) seen_[id] = 0;
    }
  }
  if (s.frequency_penalty != 0.0f || s.presence_penalty != 0.0f) {
    const auto reply = history.subspan(std::min(prompt, history.size()));
    for (const TokenId id : reply) {
      if (known(id)) ++seen_[id];
    }
    for (const TokenId id : reply) {
      if (!known(id) || seen_[id] == 0) continue;
      const float count = static_cast<float>(seen_[id]);
      logits[id] = logits[id] - (count * s.frequency_penalty + s.presence_penalty);
      seen_[id] = 0;
    }
  }
}

TokenId Sampler::sample(std::span<float> logits, const Sampling& s,
                        std::span<const TokenId> history, std::size_t prompt, int position,
                        std::span<const std::uint32_t> mask) {
  const int n = static_cast<int>(logits.size());
  penalise(logits, s, history, prompt);
  if (!mask.empty()) {
    for (int id = 0; id < n; ++id) {
      if (!(mask[static_cast<std::size_t>(id / 32)] >> (id % 32) & 1)) logits[id] = kImpossible;
    }
  }
  const auto best = static_cast<TokenId>(kernels_.argmax(logits.data(), n));
  if (s.temperature <= 0.0f) return best;
  for (float& x : logits) x = x / s.temperature;
  const float total = kernels_.exp_sum(logits.data(), logits[best], n, e_.data());
  const float u = uniform_at(s.seed, static_cast<std::uint64_t>(position));

  const bool top_k = s.top_k > 0 && s.top_k < n;
  const bool top_p = s.top_p < 1.0f;
  if (!top_k && !top_p && s.min_p <= 0.0f) {
    float running = 0.0f;
    TokenId last = best;
    for (TokenId id = 0; id < n; ++id) {
      if (e_[id] <= 0.0f) continue;
      running = running + e_[id];
      last = id;
      if (running > u * total) return id;
    }
    return last;
  }

  for (TokenId id = 0; id < n; ++id) order_[id] = id;
  const auto before = [&](TokenId a, TokenId b) { return e_[a] != e_[b] ? e_[a] > e_[b] : a < b; };
  int count = top_k ? s.top_k : n;
  // Sorted only as far as needed: a confident model's reply is decided among a few dozen tokens.
  int sorted = 0;
  const auto sort_to = [&](int wanted) {
    wanted = std::min(wanted, n);
    if (wanted > sorted) {
      std::partial_sort(order_.begin() + sorted, order_.begin() + wanted, order_.end(), before);
      sorted = wanted;
    }
  };
  if (top_p) {
    float mass = total;
    if (top_k) {
      sort_to(count);
      mass = 0.0f;
      for (int i = 0; i < count; ++i) mass = mass + e_[order_[i]];
    }
    float running = 0.0f;
    for (int i = 0; i < count; ++i) {
      if (i >= sorted) sort_to(std::max(64, sorted * 4));
      running = running + e_[order_[i]];
      if (running >= s.top_p * mass) {
        count = i + 1;
        break;
      }
    }
  }
  if (s.min_p > 0.0f) {
    int kept = 0;
    while (kept < count) {
      if (kept >= sorted) sort_to(std::max(64, sorted * 4));
      if (e_[order_[kept]] < s.min_p) break;
      ++kept;
    }
    count = std::max(kept, 1);
  }
  sort_to(count);
  float sum = 0.0f;
  for (int i = 0; i < count; ++i) sum = sum + e_[order_[i]];
  float running = 0.0f;
  for (int i = 0; i < count; ++i) {
    running = running + e_[order_[i]];
    if (running > u * sum) return order_[i];
  }
  return order_[count - 1];
}

}  // namespace parley::engine
