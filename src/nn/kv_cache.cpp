#include "nn/kv_cache.hpp"

namespace parley::nn {

KvSequence::~KvSequence() {
  for (float* block : blocks_) cache_->give_back(block);
}

bool KvSequence::reserve(int positions) {
  while (static_cast<int>(blocks_.size()) < KvCache::blocks_for(positions)) {
    float* block = cache_->take();
    if (!block) return false;
    blocks_.push_back(block);
  }
  return true;
}

KvCache::KvCache(const ModelConfig& config, int max_blocks)
    : kv_heads_(config.kv_heads),
      head_dim_(config.head_dim),
      max_blocks_(max_blocks),
      block_floats_(static_cast<std::size_t>(config.layers) * config.kv_heads * 2 * kKvBlock *
                    config.head_dim) {}

float* KvCache::take() {
  if (!free_.empty()) {
    float* block = free_.back();
    free_.pop_back();
    return block;
  }
  if (static_cast<int>(all_.size()) >= max_blocks_) return nullptr;
  all_.emplace_back(block_floats_);
  return all_.back().data();
}

}  // namespace parley::nn
