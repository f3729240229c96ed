// A fixed-size array aligned to a cache line, for vector loads and to keep threads off each other's
// lines.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace parley::nn {

struct Uninitialised {};

template <typename T>
class AlignedArray {
 public:
  AlignedArray() = default;
  explicit AlignedArray(std::size_t size) : AlignedArray(size, Uninitialised{}) {
    if (size != 0) std::memset(static_cast<void*>(data_), 0, size * sizeof(T));
  }
  // For whoever writes all of it: fresh pages of gigabytes are then touched once.
  AlignedArray(std::size_t size, Uninitialised) : size_(size) {
    if (size == 0) return;
    const std::size_t bytes = (size * sizeof(T) + 63) / 64 * 64;
    data_ = static_cast<T*>(std::aligned_alloc(64, bytes));
    if (!data_) {
      fail(ErrorKind::kLimit, "no memory for " + std::to_string(bytes) + " bytes",
           "choose a smaller model or context, or int4");
    }
  }
  ~AlignedArray() { std::free(data_); }
  AlignedArray(AlignedArray&& other) noexcept { swap(other); }
  AlignedArray& operator=(AlignedArray&& other) noexcept {
    swap(other);
    return *this;
  }
  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return data_[i]; }
  const T& operator[](std::size_t i) const { return data_[i]; }

 private:
  void swap(AlignedArray& other) {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace parley::nn
