// Keys and values of running sequences, in blocks of kKvBlock positions that belong to one sequence
// each. A block holds every layer and head: [layer][kv head]{ keys [kKvBlock / 16][head_dim][16],
// values [kKvBlock][head_dim] } in float32. Not thread-safe: blocks are taken and returned between
// forward passes.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "nn/aligned.hpp"
#include "nn/kernels.hpp"
#include "nn/model_config.hpp"

namespace parley::nn {

class KvCache;

// One sequence's blocks, returned to the cache when it goes.
class KvSequence {
 public:
  explicit KvSequence(KvCache& cache) : cache_(&cache) {}
  ~KvSequence();
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;
  // Makes room for positions 0 … positions-1. False when the cache has no free block left; what was
  // taken stays.
  bool reserve(int positions);
  float* block(int index) const { return blocks_[static_cast<std::size_t>(index)]; }

 private:
  KvCache* cache_;
  std::vector<float*> blocks_;
};

class KvCache {
 public:
  KvCache(const ModelConfig& config, int max_blocks);
  std::size_t block_bytes() const { return block_floats_ * sizeof(float); }
  // Where the keys of (layer, kv head) start within a block; the values follow at + value_offset().
  std::size_t head_offset(int layer, int kv_head) const {
    return (static_cast<std::size_t>(layer) * kv_heads_ + kv_head) * 2 * kKvBlock * head_dim_;
  }
  std::size_t value_offset() const { return static_cast<std::size_t>(kKvBlock) * head_dim_; }
  int free_blocks() const {
    return static_cast<int>(free_.size()) + max_blocks_ - static_cast<int>(all_.size());
  }
  static int blocks_for(int positions) { return (positions + kKvBlock - 1) / kKvBlock; }

 private:
  friend class KvSequence;
  float* take();
  void give_back(float* block) { free_.push_back(block); }

  int kv_heads_, head_dim_, max_blocks_;
  std::size_t block_floats_;
  std::vector<AlignedArray<float>> all_;  // allocated as needed, kept
  std::vector<float*> free_;
};

}  // namespace parley::nn
