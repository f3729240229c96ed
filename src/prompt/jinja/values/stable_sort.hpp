// A stable merge sort that stays within its range whatever the comparison says: a template's values
// (NaN among them) need not be ordered consistently, which std::sort does not survive.
#pragma once

#include <algorithm>
#include <vector>

namespace parley::text::jinja {

template <typename T, typename Less>
void stable_sort(std::vector<T>& items, const Less& before) {
  std::vector<T> merged(items.size());
  for (std::size_t width = 1; width < items.size(); width *= 2) {
    for (std::size_t begin = 0; begin < items.size(); begin += 2 * width) {
      const std::size_t middle = std::min(begin + width, items.size());
      const std::size_t end = std::min(begin + 2 * width, items.size());
      std::size_t left = begin, right = middle;
      for (std::size_t to = begin; to < end; ++to) {
        const bool from_right =
            right < end && (left == middle || before(items[right], items[left]));
        merged[to] = items[from_right ? right++ : left++];
      }
    }
    items.swap(merged);
  }
}

}  // namespace parley::text::jinja
