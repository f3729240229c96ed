#include "constraint/mask_cache.hpp"

#include <algorithm>
#include <utility>

namespace parley::engine {

void StateMask::add_to(std::span<std::uint32_t> mask) const {
  for (const text::TokenId id : few) mask[static_cast<std::size_t>(id) / 32] |= 1u << (id % 32);
  for (std::size_t i = 0; i < bits.size(); ++i) mask[i] |= bits[i];
}

std::size_t StateMask::bytes() const {
  return sizeof *this + few.size() * sizeof(text::TokenId) +
         (bits.size() + resume_nodes.size()) * sizeof(std::uint32_t);
}

std::size_t MaskCache::Hash::operator()(const StateKey& key) const {
  std::uint64_t h = 0;
  for (const std::uint64_t part : key) h = (h ^ part) * 0xFF51AFD7ED558CCDull, h ^= h >> 32;
  return static_cast<std::size_t>(h);
}

std::shared_ptr<const StateMask> MaskCache::find(const StateKey& key) {
  const std::lock_guard lock(mutex_);
  const auto at = entries_.find(key);
  if (at == entries_.end()) return nullptr;
  at->second.last_used = ++uses_;
  return at->second.mask;
}

void MaskCache::insert(const StateKey& key, std::shared_ptr<const StateMask> mask) {
  const std::lock_guard lock(mutex_);
  const std::size_t size = mask->bytes();
  if (!entries_.emplace(key, Entry{std::move(mask), ++uses_}).second) return;
  bytes_ += size;
  if (bytes_ > max_bytes_) evict();
}

std::size_t MaskCache::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

// The older half, so that evicting costs little for each mask inserted.
void MaskCache::evict() {
  std::vector<std::uint64_t> ages;
  ages.reserve(entries_.size());
  // any order: the middle is the same
  for (const auto& [key, entry] : entries_) ages.push_back(entry.last_used);
  const auto middle = ages.begin() + static_cast<std::ptrdiff_t>(ages.size() / 2);
  std::nth_element(ages.begin(), middle, ages.end());
  std::erase_if(entries_, [&](const auto& item) {
    if (item.second.last_used > *middle) return false;
    bytes_ -= item.second.mask->bytes();
    return true;
  });
}

}  // namespace parley::engine
