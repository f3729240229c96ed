#include "engine/logprobs.hpp"

#include <algorithm>

namespace parley::engine {

TokenLogprobs token_logprobs(const nn::Kernels& kernels, std::span<const float> logits,
                             text::TokenId token, int count, float* scratch) {
  const int n = static_cast<int>(logits.size());
  const float max = logits[static_cast<std::size_t>(kernels.argmax(logits.data(), n))];
  const float sum = kernels.exp_sum(logits.data(), max, n, scratch);
  const float base = max + static_cast<float>(nn::exact_log_double(sum));
  TokenLogprobs out;
  out.token = token;
  out.logprob = logits[static_cast<std::size_t>(token)] - base;
  if (count <= 0) return out;
  std::vector<text::TokenId> order(logits.size());
  for (int i = 0; i < n; ++i) order[static_cast<std::size_t>(i)] = i;
  const auto most = order.begin() + std::min(count, n);
  std::partial_sort(order.begin(), most, order.end(), [&](text::TokenId a, text::TokenId b) {
    const float x = logits[static_cast<std::size_t>(a)], y = logits[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  for (auto it = order.begin(); it != most; ++it)
    out.top.emplace_back(*it, logits[static_cast<std::size_t>(*it)] - base);
  return out;
}

}  // namespace parley::engine
