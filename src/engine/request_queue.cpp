#include "engine/request_queue.hpp"

#include <algorithm>

namespace parley::engine {
namespace {

// Keys that have been idle are forgotten when so many are known.
constexpr std::size_t kMostKeys = 10'000;

}  // namespace

void RequestQueue::push(std::unique_ptr<Sequence> sequence) {
  if (served_.size() > kMostKeys)
    std::erase_if(served_, [&](const auto& entry) { return entry.second <= floor_; });
  double& served = served_[sequence->request.key];
  served = std::max(served, floor_);
  waiting_.push_back(std::move(sequence));
}

std::size_t RequestQueue::best() const {
  std::size_t best = 0;
  const auto served = [&](const Sequence& s) {
    const auto it = served_.find(s.request.key);
    return it == served_.end() ? floor_ : it->second;
  };
  for (std::size_t i = 1; i < waiting_.size(); ++i) {
    const Sequence &a = *waiting_[i], &b = *waiting_[best];
    if (a.request.priority != b.request.priority) {
      if (a.request.priority > b.request.priority) best = i;
    } else if (served(a) != served(b)) {
      if (served(a) < served(b)) best = i;
    } else if (a.id < b.id) {
      best = i;
    }
  }
  return best;
}

Sequence* RequestQueue::peek() {
  return waiting_.empty() ? nullptr : waiting_[best()].get();
}

std::unique_ptr<Sequence> RequestQueue::pop() {
  const std::size_t i = best();
  std::unique_ptr<Sequence> out = std::move(waiting_[i]);
  waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
  const auto it = served_.find(out->request.key);
  if (it != served_.end()) floor_ = std::max(floor_, it->second);
  return out;
}

void RequestQueue::charge(const std::string& key, double tokens) {
  const auto it = served_.find(key);
  if (it != served_.end()) it->second += tokens;
}

}  // namespace parley::engine
