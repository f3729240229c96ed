// The order in which waiting requests are served: higher priority first; within a priority the key
// that has been served least, so that one client's hundred requests do not hold up another's one;
// within a key first come, first served.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/sequence.hpp"

namespace parley::engine {

class RequestQueue {
 public:
  void push(std::unique_ptr<Sequence> sequence);
  // The next in order, left where it is; null when empty.
  Sequence* peek();
  std::unique_ptr<Sequence> pop();
  bool empty() const { return waiting_.empty(); }
  int size() const { return static_cast<int>(waiting_.size()); }
  // Takes out those for which `take` is true.
  template <typename Take>
  std::vector<std::unique_ptr<Sequence>> extract(const Take& take) {
    std::vector<std::unique_ptr<Sequence>> out;
    for (auto& sequence : waiting_) {
      if (take(*sequence)) out.push_back(std::move(sequence));
    }
    std::erase(waiting_, nullptr);
    return out;
  }
  // Counts work done for a key.
  void charge(const std::string& key, double tokens);

 private:
  std::size_t best() const;
  std::vector<std::unique_ptr<Sequence>> waiting_;
  std::unordered_map<std::string, double> served_;
  double floor_ = 0;  // what the key served last had then: a newcomer starts here, not at nothing
};

}  // namespace parley::engine
