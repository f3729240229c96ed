// What gguf.cpp and gguf_values.cpp share: the format's numbers, and reading on with bounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace parley::nn {

enum GgufType : std::uint32_t {
  kGgufU8,
  kGgufI8,
  kGgufU16,
  kGgufI16,
  kGgufU32,
  kGgufI32,
  kGgufF32,
  kGgufBool,
  kGgufText,
  kGgufList,
  kGgufU64,
  kGgufI64,
  kGgufF64,
  kGgufTypes
};
// Bytes of a value; 0: it says itself.
inline constexpr std::uint64_t kGgufBytes[kGgufTypes] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};

[[noreturn]] inline void gguf_damaged(const std::string& where, const std::string& why) {
  fail(ErrorKind::kInvalidInput, where + ": " + why,
       "the file is damaged or not GGUF; copy or convert the model again");
}

// Reads on through the bytes; never past their end.
class GgufCursor {
 public:
  GgufCursor(std::span<const std::byte> bytes, const std::string& where)
      : bytes_(bytes), where_(where) {}
  std::uint64_t position() const { return position_; }
  std::uint64_t left() const { return bytes_.size() - position_; }

  std::span<const std::byte> take(std::uint64_t count, const std::string& what) {
    if (count > left())
      gguf_damaged(where_, "ends inside " + what + ", at byte " + std::to_string(bytes_.size()));
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }
  template <typename T>
  T number(const std::string& what) {
    T value;
    std::memcpy(&value, take(sizeof value, what).data(), sizeof value);
    return value;
  }
  std::string_view text(std::uint64_t limit, const std::string& what) {
    const auto length = number<std::uint64_t>(what);
    if (length > limit)
      gguf_damaged(where_,
                   what + " is " + std::to_string(length) + " bytes long, which is no name");
    const auto taken = take(length, what);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }

 private:
  std::span<const std::byte> bytes_;
  const std::string& where_;
  std::uint64_t position_ = 0;
};

}  // namespace parley::nn
