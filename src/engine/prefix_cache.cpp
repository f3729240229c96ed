#include "engine/prefix_cache.hpp"

#include <algorithm>
#include <cstring>

namespace parley::engine {
namespace {

using nn::kKvBlock;
using text::TokenId;

// A shorter common part is as quickly computed as copied.
constexpr int kLeastPartial = 8;
// Of a node with many partly filled children only the latest are compared.
constexpr std::size_t kMostCompared = 64;

int common(std::span<const TokenId> a, std::span<const TokenId> b) {
  const std::size_t n = std::min(a.size(), b.size());
  std::size_t i = 0;
  while (i < n && a[i] == b[i]) ++i;
  return static_cast<int>(i);
}

}  // namespace

PrefixCache::PrefixCache(nn::KvCache& cache) : cache_(cache), nodes_(1) {}

PrefixCache::~PrefixCache() {
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    if (nodes_[i].block >= 0) cache_.release(nodes_[i].block);
  }
}

std::uint64_t PrefixCache::hash(int parent, std::span<const TokenId> tokens) {
  std::uint64_t h = 0x9E3779B97F4A7C15ull * static_cast<std::uint64_t>(parent + 1);
  for (const TokenId id : tokens) h = (h ^ static_cast<std::uint32_t>(id)) * 0x100000001B3ull;
  return h;
}

int PrefixCache::full_child(int parent, std::span<const TokenId> tokens) const {
  const auto [from, to] = full_.equal_range(hash(parent, tokens));
  for (auto it = from; it != to; ++it) {
    const Node& node = nodes_[static_cast<std::size_t>(it->second)];
    if (node.parent == parent && std::ranges::equal(node.tokens, tokens)) return it->second;
  }
  return -1;
}

int PrefixCache::attach(std::span<const TokenId> tokens, nn::KvSequence& sequence) {
  ++now_;
  const int most = static_cast<int>(tokens.size()) - 1;  // the last token is computed
  int node = 0, covered = 0;
  while (covered + kKvBlock <= most) {
    const int next = full_child(node, tokens.subspan(static_cast<std::size_t>(covered), kKvBlock));
    if (next < 0) break;
    node = next;
    nodes_[static_cast<std::size_t>(node)].last_used = now_;
    sequence.share(nodes_[static_cast<std::size_t>(node)].block);
    covered += kKvBlock;
  }
  const auto rest = tokens.subspan(static_cast<std::size_t>(covered),
                                   static_cast<std::size_t>(std::max(0, most - covered)));
  const auto& children = nodes_[static_cast<std::size_t>(node)].children;
  int best = -1, longest = kLeastPartial - 1;
  for (std::size_t i = children.size(), seen = 0; i-- > 0 && seen < kMostCompared; ++seen) {
    const int same = common(nodes_[static_cast<std::size_t>(children[i])].tokens, rest);
    if (same > longest) longest = same, best = children[i];
  }
  if (best < 0) return covered;
  nodes_[static_cast<std::size_t>(best)].last_used = now_;
  const nn::KvCache::BlockId from = nodes_[static_cast<std::size_t>(best)].block;
  cache_.hold(from);  // not evicted while it is copied
  if (sequence.reserve(covered + 1)) {
    std::memcpy(sequence.block(sequence.blocks() - 1), cache_.block(from), cache_.block_bytes());
    covered += longest;
  }
  cache_.release(from);
  return covered;
}

int PrefixCache::add(int parent, std::span<const TokenId> tokens, nn::KvCache::BlockId block) {
  int id = 0;
  if (free_.empty()) {
    id = static_cast<int>(nodes_.size());
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  Node& node = nodes_[static_cast<std::size_t>(id)];
  node.parent = parent;
  node.tokens.assign(tokens.begin(), tokens.end());
  node.block = block;
  node.last_used = now_;
  cache_.hold(block);
  nodes_[static_cast<std::size_t>(parent)].children.push_back(id);
  if (tokens.size() == kKvBlock) full_.emplace(hash(parent, tokens), id);
  ++used_;
  return id;
}

void PrefixCache::publish(std::span<const TokenId> tokens, const nn::KvSequence& sequence) {
  ++now_;
  int node = 0;
  for (int b = 0; b * kKvBlock < static_cast<int>(tokens.size()) && b < sequence.blocks(); ++b) {
    const std::size_t from = static_cast<std::size_t>(b) * kKvBlock;
    const auto part = tokens.subspan(from, std::min<std::size_t>(kKvBlock, tokens.size() - from));
    const bool full = part.size() == kKvBlock;
    int next = full ? full_child(node, part) : -1;
    if (next < 0) {
      // The same block, seen before when fewer of its positions were filled, only grows.
      for (const int child : nodes_[static_cast<std::size_t>(node)].children) {
        Node& known = nodes_[static_cast<std::size_t>(child)];
        if (known.block != sequence.id(b)) continue;
        next = child;
        if (known.tokens.size() >= part.size()) break;
        known.tokens.assign(part.begin(), part.end());
        if (full) full_.emplace(hash(node, part), child);
        break;
      }
    }
    if (next < 0) {
      if (static_cast<int>(part.size()) < kLeastPartial) return;
      next = add(node, part, sequence.id(b));
    }
    node = next;
    nodes_[static_cast<std::size_t>(node)].last_used = now_;
    if (!full) return;
  }
}

void PrefixCache::remove(int id) {
  Node& node = nodes_[static_cast<std::size_t>(id)];
  if (node.tokens.size() == kKvBlock) {
    const auto [from, to] = full_.equal_range(hash(node.parent, node.tokens));
    for (auto it = from; it != to; ++it) {
      if (it->second != id) continue;
      full_.erase(it);
      break;
    }
  }
  std::erase(nodes_[static_cast<std::size_t>(node.parent)].children, id);
  cache_.release(node.block);
  node = Node{};
  free_.push_back(id);
  --used_;
}

bool PrefixCache::evict() {
  int oldest = -1;
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    const Node& node = nodes_[i];
    if (node.block < 0 || !node.children.empty() || cache_.holders(node.block) > 1) continue;
    if (oldest < 0 || node.last_used < nodes_[static_cast<std::size_t>(oldest)].last_used)
      oldest = static_cast<int>(i);
  }
  if (oldest < 0) return false;
  remove(oldest);
  return true;
}

}  // namespace parley::engine
