// A set of byte strings with a value each, for finding all of them that start at a place of a text:
// a double-array trie, one look-up a byte. Thread-safe after construction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace parley::text {

class PieceTrie {
 public:
  PieceTrie() = default;
  // Values are at least 0. Empty strings are left out; of equal strings the last counts.
  explicit PieceTrie(const std::vector<std::pair<std::string, std::int32_t>>& entries);

  bool empty() const { return units_.empty(); }

  // Whether any entry begins with this byte.
  bool may_start(char byte) const {
    return !units_.empty() && units_[units_[0].base + static_cast<unsigned char>(byte)].parent == 0;
  }

  // Calls visit(length, value) for every entry that is a prefix of text.substr(from), shortest
  // first.
  template <typename Visit>
  void each_prefix(std::string_view text, std::size_t from, Visit&& visit) const {
    if (units_.empty()) return;
    std::int32_t node = 0;
    for (std::size_t i = from; i < text.size(); ++i) {
      const std::int32_t child = units_[node].base + static_cast<unsigned char>(text[i]);
      if (units_[child].parent != node) return;
      node = child;
      if (units_[node].value >= 0) visit(i + 1 - from, units_[node].value);
    }
  }

  struct Match {
    std::size_t length = 0;  // 0: nothing starts here
    std::int32_t value = -1;
  };
  Match longest(std::string_view text, std::size_t from) const {
    Match best;
    each_prefix(text, from,
                [&](std::size_t length, std::int32_t value) { best = {length, value}; });
    return best;
  }
  // The value of exactly this string, or -1.
  std::int32_t find(std::string_view text) const {
    const Match match = longest(text, 0);
    return match.length == text.size() ? match.value : -1;
  }

 private:
  struct Unit {
    std::int32_t base = 0;     // children are at base + byte
    std::int32_t parent = -1;  // -1: free
    std::int32_t value = -1;
  };
  std::vector<Unit> units_;  // the root is unit 0; 256 free units follow the last used one
};

}  // namespace parley::text
