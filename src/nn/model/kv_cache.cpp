#include "nn/model/kv_cache.hpp"

namespace parley::nn {
namespace {

KvLayout layout_of(const ModelConfig& config) {
  return {(config.head_dim + kTile - 1) / kTile * kTile};
}

std::size_t part_bytes(const ModelConfig& config, bool float32) {
  return float32 ? std::size_t{2} * kKvBlock * config.head_dim * sizeof(float)
                 : layout_of(config).bytes();
}

}  // namespace

KvCache::KvCache(const ModelConfig& config, bool float32, int max_blocks)
    : kv_heads_(config.kv_heads),
      max_blocks_(max_blocks),
      layout_(layout_of(config)),
      part_bytes_(part_bytes(config, float32)),
      block_bytes_(block_bytes(config, float32)) {
  // A block's address must not move while it is in use.
  all_.reserve(static_cast<std::size_t>(max_blocks));
}

std::size_t KvCache::block_bytes(const ModelConfig& config, bool float32) {
  return static_cast<std::size_t>(config.layers) * config.kv_heads * part_bytes(config, float32);
}

KvCache::BlockId KvCache::take() {
  if (!free_.empty()) {
    const BlockId id = free_.back();
    free_.pop_back();
    holders_[static_cast<std::size_t>(id)] = 1;
    return id;
  }
  if (static_cast<int>(all_.size()) >= max_blocks_) return -1;
  all_.emplace_back(block_bytes_);
  holders_.push_back(1);
  return static_cast<BlockId>(all_.size()) - 1;
}

void KvCache::release(BlockId id) {
  if (--holders_[static_cast<std::size_t>(id)] == 0) free_.push_back(id);
}

bool KvSequence::reserve(int positions) {
  while (blocks() < KvCache::blocks_for(positions)) {
    const KvCache::BlockId id = cache_->take();
    if (id < 0) return false;
    ids_.push_back(id);
    data_.push_back(cache_->block(id));
  }
  return true;
}

void KvSequence::share(KvCache::BlockId id) {
  cache_->hold(id);
  ids_.push_back(id);
  data_.push_back(cache_->block(id));
}

void KvSequence::truncate(int positions) {
  while (blocks() > KvCache::blocks_for(positions)) {
    cache_->release(ids_.back());
    ids_.pop_back();
    data_.pop_back();
  }
}

}  // namespace parley::nn
