#include "prompt/jinja/arena.hpp"

#include <algorithm>

namespace parley::text::jinja {
namespace {

constexpr std::size_t kFirstBlock = std::size_t{8} << 10;
constexpr std::size_t kLargestBlock = std::size_t{1} << 20;

}  // namespace

void* Arena::allocate_slow(std::size_t bytes) {
  const std::size_t rounded = (bytes + 15) & ~std::size_t{15};
  if (rounded < bytes || rounded > max_bytes_ - taken_) out_of_memory();
  const std::size_t usual =
      std::min(kLargestBlock, kFirstBlock << std::min<std::size_t>(blocks_.size(), 7));
  const std::size_t block = std::min(std::max(usual, rounded), max_bytes_ - taken_);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
  taken_ += block;
  char* start = blocks_.back().get();
  if (rounded < usual) {
    next_ = start + rounded;  // what the last block had left is not used any more
    left_ = block - rounded;
  }
  return start;
}

void Arena::out_of_memory() const {
  location_->refuse(
      ErrorKind::kLimit,
      "the template needs more than " + std::to_string(max_bytes_) + " bytes of memory",
      "shorten the conversation, or raise the limit if the template is trusted");
}

}  // namespace parley::text::jinja
