// Keys and values of running sequences, in blocks of kKvBlock positions. A block holds every layer
// and head: [layer][kv head] parts of KvLayout (bytes with scales), or, for the float32 reference
// precision, { keys [kKvBlock / 16][head_dim][16], values [kKvBlock][head_dim] } in float32.
//  1. A block belongs to as many sequences as share it (a common prompt); it is written only while
//     one sequence holds it, behind every position that is already there.
//  2. Not thread-safe: blocks change hands between forward passes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "nn/kernels/aligned.hpp"
#include "nn/kernels/kernels.hpp"
#include "nn/model/model_config.hpp"

namespace parley::nn {

class KvCache {
 public:
  using BlockId = std::int32_t;

  KvCache(const ModelConfig& config, bool float32, int max_blocks);
  KvCache(const KvCache&) = delete;
  KvCache& operator=(const KvCache&) = delete;

  static int blocks_for(int positions) { return (positions + kKvBlock - 1) / kKvBlock; }
  static std::size_t block_bytes(const ModelConfig& config, bool float32);
  std::size_t block_bytes() const { return block_bytes_; }
  int max_blocks() const { return max_blocks_; }
  int free_blocks() const {
    return static_cast<int>(free_.size()) + max_blocks_ - static_cast<int>(all_.size());
  }
  KvLayout layout() const { return layout_; }
  // Where the part of (layer, kv head) starts within a block.
  std::size_t part_offset(int layer, int kv_head) const {
    return (static_cast<std::size_t>(layer) * kv_heads_ + kv_head) * part_bytes_;
  }
  std::byte* block(BlockId id) { return all_[static_cast<std::size_t>(id)].data(); }

  // A block held once, or -1 when none is free.
  BlockId take();
  void hold(BlockId id) { ++holders_[static_cast<std::size_t>(id)]; }
  void release(BlockId id);
  int holders(BlockId id) const { return holders_[static_cast<std::size_t>(id)]; }

 private:
  int kv_heads_, max_blocks_;
  KvLayout layout_;
  std::size_t part_bytes_, block_bytes_;
  std::vector<AlignedArray<std::byte>> all_;  // allocated as needed, kept
  std::vector<int> holders_;
  std::vector<BlockId> free_;
};

// One sequence's blocks, released when it goes.
class KvSequence {
 public:
  explicit KvSequence(KvCache& cache) : cache_(&cache) {}
  ~KvSequence() { clear(); }
  KvSequence(const KvSequence&) = delete;
  KvSequence& operator=(const KvSequence&) = delete;
  // Makes room for positions 0 … positions-1. False when the cache has no free block left; what was
  // taken stays.
  bool reserve(int positions);
  // Appends a block that another sequence, or a prefix cache, holds too.
  // REQUIRES: it is full, and every block so far is.
  void share(KvCache::BlockId id);
  // Gives back the blocks that no position below `positions` needs.
  void truncate(int positions);
  void clear() { truncate(0); }
  int blocks() const { return static_cast<int>(ids_.size()); }
  KvCache::BlockId id(int index) const { return ids_[static_cast<std::size_t>(index)]; }
  std::byte* block(int index) const { return data_[static_cast<std::size_t>(index)]; }

 private:
  KvCache* cache_;
  std::vector<KvCache::BlockId> ids_;
  std::vector<std::byte*> data_;
};

}  // namespace parley::nn
