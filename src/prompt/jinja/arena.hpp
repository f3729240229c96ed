// Memory of one template or one rendering: taken bit by bit, given back all at once. Values need no
// reference counts, cyclic ones cost nothing, and the limit on memory is one comparison.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include "prompt/jinja/location.hpp"

namespace parley::text::jinja {

class Arena {
 public:
  // `location` names the place in errors and must outlive the arena.
  Arena(std::size_t max_bytes, const Location& location)
      : max_bytes_(max_bytes), location_(&location) {}

  // At least `bytes` bytes, aligned for any value. Errors: kLimit past max_bytes in all.
  void* allocate(std::size_t bytes) {
    const std::size_t rounded = (bytes + 15) & ~std::size_t{15};
    if (rounded < bytes || rounded > left_) return allocate_slow(bytes);
    void* result = next_;
    next_ += rounded;
    left_ -= rounded;
    return result;
  }

  template <typename T>
  T* make(const T& value) {
    static_assert(std::is_trivially_destructible_v<T>, "nothing in an arena is destroyed");
    return new (allocate(sizeof(T))) T(value);
  }

  template <typename T>
  std::span<const T> copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (values.empty()) return {};
    if (values.size() > max_bytes_ / sizeof(T)) out_of_memory();
    T* to = static_cast<T*>(allocate(values.size() * sizeof(T)));
    std::memcpy(static_cast<void*>(to), values.data(), values.size() * sizeof(T));
    return {to, values.size()};
  }
  template <typename T>
  std::span<const T> copy(const std::vector<T>& values) {
    return copy(std::span<const T>(values));
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* to = static_cast<char*>(allocate(text.size()));
    std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }

  // Fails like allocate() would where `bytes` more do not fit, so that a large value is refused
  // before it is built elsewhere.
  void expect_room(std::size_t bytes) const {
    if (bytes > max_bytes_ - taken_ + left_) out_of_memory();
  }

 private:
  void* allocate_slow(std::size_t bytes);
  [[noreturn]] void out_of_memory() const;

  std::size_t max_bytes_;
  const Location* location_;
  std::size_t taken_ = 0;  // bytes of all blocks
  char* next_ = nullptr;
  std::size_t left_ = 0;
  std::vector<std::unique_ptr<char[]>> blocks_;
};

}  // namespace parley::text::jinja
