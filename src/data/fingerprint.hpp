// What tells records apart: an exact hash, and a MinHash sketch of their word 5-grams.
//
// Words are runs of letters and digits in lower case (ASCII folding); each ideograph, kana or
// letter of a script written without spaces is a word of its own. A conversation's messages start
// with a word for the role, and both ends are padded with four boundary words, so every word lies
// in exactly five 5-grams: one changed word changes five, which a short dialogue cannot hide (in
// fewer than about 57 words, one different word already brings the Jaccard similarity below 0.85).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "data/dataset.hpp"

namespace parley::data {

inline constexpr std::size_t kSketchSize = 128;
using Sketch = std::array<std::uint16_t, kSketchSize>;

// The hashes of all word 5-grams of a record, in order of the text, with repetitions.
// Not thread-safe: keeps its buffers between calls.
class Shingler {
 public:
  const std::vector<std::uint64_t>& shingles(const Record& record);
  void release();  // gives the buffers' memory back

 private:
  void add_words(std::string_view text);
  std::vector<std::uint64_t> words_;
  std::vector<std::uint64_t> shingles_;
};

// One-permutation MinHash with optimal densification: 128 bins, the low 16 bits of each bin's
// minimum. The share of equal bins estimates the Jaccard similarity, with a standard error of at
// most 0.045.
Sketch make_sketch(const std::vector<std::uint64_t>& shingles);
double sketch_similarity(const Sketch& a, const Sketch& b);

// Exact Jaccard similarity of two multisets taken as sets. Sorts its arguments.
double jaccard(std::vector<std::uint64_t>& a, std::vector<std::uint64_t>& b);

struct Hash128 {
  std::uint64_t high = 0, low = 0;
  bool operator==(const Hash128& o) const { return high == o.high && low == o.low; }
};

// XXH3 over roles and texts (title and text of a document); ids do not count.
Hash128 content_hash(const Record& record);

}  // namespace parley::data
