#include "tokenizer/word_cache.hpp"

#include <array>
#include <atomic>
#include <memory>

namespace parley::text {
namespace {

constexpr std::size_t kCacheSlots = 1 << 14;

std::uint64_t mix(std::uint64_t x) {
  x ^= x >> 32;
  x *= 0x9E3779B97F4A7C15ull;
  x ^= x >> 29;
  return x;
}

}  // namespace

std::uint64_t hash_bytes(std::string_view text) {
  std::uint64_t h = text.size() * 0x9E3779B97F4A7C15ull;
  while (text.size() >= 8) {
    std::uint64_t block;
    std::memcpy(&block, text.data(), 8);
    h = mix(h ^ block) * 0xFF51AFD7ED558CCDull;
    text.remove_prefix(8);
  }
  std::uint64_t rest = 0;
  if (!text.empty()) std::memcpy(&rest, text.data(), text.size());
  return mix(h ^ rest);
}

CachedWord& cache_slot(std::uint64_t hash) {
  thread_local const auto cache = std::make_unique<std::array<CachedWord, kCacheSlots>>();
  return (*cache)[hash & (kCacheSlots - 1)];
}

std::uint32_t next_cache_instance() {
  static std::atomic<std::uint32_t> next{1};
  return next++;
}

}  // namespace parley::text
