// Learns a byte-level BPE vocabulary. Words are counted in parallel; then the most frequent
// adjacent pair is merged, again and again, with pair counts kept up to date incrementally.
// Deterministic: the result does not depend on the number of threads; equal counts are broken by
// the smaller token ids.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "tokenizer/bpe.hpp"

namespace parley::text {

struct BpeTrainOptions {
  // Get the first ids, in this order; then the 256 bytes, then the merges.
  std::span<const std::string_view> special_tokens;
  int vocabulary = 8192;                              // special tokens and the 256 bytes included
  int threads = 0;                                    // 0: usable_cpus()
  std::uint64_t min_count = 2;                        // pairs seen less often are not merged
  std::function<void(int done, int total)> on_merge;  // progress, called now and then
};

// Fills its argument with the next piece of text (its words end at the piece's end); false when
// there is no more. Called from one thread at a time.
using TextSource = std::function<bool(std::string&)>;

// The vocabulary comes out smaller than asked when no pair reaches min_count. Errors: kInvalidInput
// when vocabulary leaves no room for bytes and special tokens, or there is no text.
BpeModel train_bpe(const TextSource& source, const BpeTrainOptions& options);

}  // namespace parley::text
