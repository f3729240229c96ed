#include "engine/sampler.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

#include "engine/random.hpp"

namespace parley::engine {

using text::TokenId;

namespace {

constexpr float kLeastTemperature = 1e-5f;
constexpr float kImpossible = -3e38f;  // exp() of its distance to any logit is 0

// The sign is 0 and the exponent at most that of 1: eight bits of exponent, five of fraction.
constexpr int kBuckets = 1 << 12;
inline int bucket_of(float e) {  // the last bucket also takes what damaged weights may give
  return static_cast<int>(std::min(std::bit_cast<std::uint32_t>(e) >> 18, kBuckets - 1u));
}
// sum × part / 2^24, part < 2^24 or so: sums stay below 2^48.
inline std::uint64_t share_of(std::uint64_t sum, std::uint64_t part) {
  return (sum >> 24) * part + ((sum & 0xFFFFFFu) * part >> 24);
}
inline std::uint32_t weight(float e) {
  const float most_one = e <= 1.0f ? e : 1.0f;  // more, or no number: damaged logits
  return static_cast<std::uint32_t>(static_cast<std::int32_t>(most_one * 1073741824.0f));
}

}  // namespace

Sampler::Sampler(const nn::Kernels& kernels, int vocabulary)
    : kernels_(kernels),
      e_(static_cast<std::size_t>(vocabulary)),
      bucket_count_(kBuckets),
      bucket_mass_(kBuckets),
      seen_(static_cast<std::size_t>(vocabulary)) {}

// Buckets of neighbouring values, largest last: only the one where the run ends has to be sorted.
// A flat distribution over a large vocabulary costs no more than a steep one.
Sampler::Cut Sampler::cut(int n, std::uint64_t count, std::uint64_t mass) {
  std::uint64_t counted = 0, massed = 0;
  for (int b = kBuckets - 1; b >= 0; --b) {
    const std::size_t at = static_cast<std::size_t>(b);
    if (bucket_count_[at] == 0) continue;
    if (counted + bucket_count_[at] < count && massed + bucket_mass_[at] < mass) {
      counted += bucket_count_[at];
      massed += bucket_mass_[at];
      continue;
    }
    bucket_.clear();
    for (TokenId id = 0; id < n; ++id) {
      if (bucket_of(e_[static_cast<std::size_t>(id)]) == b) bucket_.push_back(id);
    }
    // Quickselect: the larger part of the bucket is looked at again, or counted and left behind.
    const auto before = [&](TokenId x, TokenId y) {
      const float a = e_[static_cast<std::size_t>(x)], c = e_[static_cast<std::size_t>(y)];
      return a != c ? a > c : x < y;
    };
    auto from = bucket_.begin(), to = bucket_.end();
    while (to - from > 1) {
      const auto middle = from + (to - from) / 2;
      std::nth_element(from, middle, to, before);
      std::uint64_t part = 0;
      for (auto it = from; it != middle; ++it) part += weight(e_[static_cast<std::size_t>(*it)]);
      const auto size = static_cast<std::uint64_t>(middle - from);
      if (counted + size >= count || massed + part >= mass) {
        to = middle;
      } else {
        counted += size, massed += part;
        from = middle;
      }
    }
    massed += weight(e_[static_cast<std::size_t>(*from)]);
    return {e_[static_cast<std::size_t>(*from)], *from, massed};
  }
  return {0.0f, n, massed};  // everything
}

void Sampler::penalise(std::span<float> logits, const Sampling& s, std::span<const TokenId> history,
                       std::size_t prompt) {
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
  // Divided by less, logits of ordinary size would overflow.
  if (s.temperature < kLeastTemperature || !std::isfinite(logits[static_cast<std::size_t>(best)]))
    return best;
  kernels_.divide(logits.data(), s.temperature, n);
  kernels_.exp_sum(logits.data(), logits[static_cast<std::size_t>(best)], n, e_.data());

  Cut kept{0.0f, n, 0};
  const bool top_k = s.top_k > 0 && s.top_k < n, top_p = s.top_p < 1.0f;
  if (top_k || top_p) {
    std::fill(bucket_count_.begin(), bucket_count_.end(), 0u);
    std::fill(bucket_mass_.begin(), bucket_mass_.end(), 0u);
    for (const float e : e_) {
      const std::size_t b = static_cast<std::size_t>(bucket_of(e));
      ++bucket_count_[b];
      bucket_mass_[b] += weight(e);
    }
  }
  const auto all = ~std::uint64_t{0};
  if (top_k) kept = cut(n, static_cast<std::uint64_t>(s.top_k), all);
  if (top_p) {
    std::uint64_t mass = kept.mass;
    if (!top_k) {
      for (const std::uint64_t each : bucket_mass_) mass += each;
    }
    // p in 2^-24ths, so that the product is an integer.
    const auto p = static_cast<std::uint64_t>(std::max(s.top_p, 0.0f) * 16777216.0f);
    const Cut shorter = cut(n, all, std::max<std::uint64_t>(share_of(mass, p), 1));
    if (!top_k || kept.keeps(shorter.e, shorter.id)) kept = shorter;
  }
  if (s.min_p > kept.e) kept = {s.min_p, n, 0};
  if (kept.mass == 0) {
    for (TokenId id = 0; id < n; ++id) {
      const float e = e_[static_cast<std::size_t>(id)];
      if (kept.keeps(e, id)) kept.mass += weight(e);
    }
  }
  const std::uint64_t target =
      share_of(kept.mass, random_bits_at(s.seed, static_cast<std::uint64_t>(position)));
  std::uint64_t running = 0;
  for (TokenId id = 0; id < n; ++id) {
    const float e = e_[static_cast<std::size_t>(id)];
    if (!kept.keeps(e, id)) continue;
    running += weight(e);
    if (running > target) return id;
  }
  return best;  // min_p above 1 keeps nothing
}

}  // namespace parley::engine
