#include "tokenizer/piece_trie.hpp"

#include <algorithm>
#include <numeric>

namespace parley::text {
namespace {

// The free places of the array, in ascending order, as a doubly linked list.
class FreeList {
 public:
  void grow(std::int32_t size) {
    for (auto at = static_cast<std::int32_t>(next_.size()); at < size; ++at) {
      next_.push_back(-1);
      previous_.push_back(tail_);
      free_.push_back(1);
      (tail_ < 0 ? head_ : next_[tail_]) = at;
      tail_ = at;
    }
  }
  void take(std::int32_t at) {
    free_[at] = 0;
    (previous_[at] < 0 ? head_ : next_[previous_[at]]) = next_[at];
    (next_[at] < 0 ? tail_ : previous_[next_[at]]) = previous_[at];
  }
  bool is_free(std::int32_t at) const { return free_[at] != 0; }
  std::int32_t first() const { return head_; }
  std::int32_t after(std::int32_t at) const { return next_[at]; }
  std::int32_t size() const { return static_cast<std::int32_t>(next_.size()); }

 private:
  std::vector<std::int32_t> next_, previous_;
  std::vector<std::uint8_t> free_;
  std::int32_t head_ = -1, tail_ = -1;
};

constexpr int kTries = 64;  // places tried for a family of children before the end is taken

// A base for children with these labels, all places free.
std::int32_t find_base(FreeList& places, const std::vector<unsigned char>& labels) {
  int tries = 0;
  for (std::int32_t at = places.first(); at >= 0 && tries < kTries;
       at = places.after(at), ++tries) {
    const std::int32_t base = at - labels.front();
    if (base < 1) continue;
    if (base + 256 > places.size()) break;
    const bool fits = std::all_of(labels.begin(), labels.end(), [&](unsigned char label) {
      return places.is_free(base + label);
    });
    if (fits) return base;
  }
  const std::int32_t base = places.size();
  places.grow(base + 512);
  return base;
}

}  // namespace

PieceTrie::PieceTrie(const std::vector<std::pair<std::string, std::int32_t>>& entries) {
  std::vector<std::uint32_t> order(entries.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    const int difference = entries[a].first.compare(entries[b].first);
    return difference != 0 ? difference < 0 : a < b;
  });
  if (entries.empty() || entries[order.back()].first.empty()) return;
  struct Range {
    std::int32_t node;
    std::uint32_t begin, end, depth;
  };
  FreeList places;
  places.grow(1024);
  places.take(0);
  units_.resize(places.size());
  std::vector<Range> open = {{0, 0, static_cast<std::uint32_t>(entries.size()), 0}};
  std::vector<unsigned char> labels;
  std::vector<std::uint32_t> starts;
  while (!open.empty()) {
    Range range = open.back();
    open.pop_back();
    while (range.begin < range.end && entries[order[range.begin]].first.size() == range.depth) {
      if (range.depth > 0) units_[range.node].value = entries[order[range.begin]].second;
      ++range.begin;
    }
    if (range.begin == range.end) continue;
    labels.clear();
    starts.clear();
    for (std::uint32_t i = range.begin; i < range.end; ++i) {
      const auto label = static_cast<unsigned char>(entries[order[i]].first[range.depth]);
      if (!labels.empty() && labels.back() == label) continue;
      labels.push_back(label);
      starts.push_back(i);
    }
    starts.push_back(range.end);
    const std::int32_t base = find_base(places, labels);
    units_.resize(places.size());
    units_[range.node].base = base;
    for (std::size_t k = 0; k < labels.size(); ++k) {
      const std::int32_t child = base + labels[k];
      places.take(child);
      units_[child].parent = range.node;
      open.push_back({child, starts[k], starts[k + 1], range.depth + 1});
    }
  }
  units_.resize(units_.size() + 256);  // so that a leaf's look-up stays inside
}

}  // namespace parley::text
