// SHA-256 (FIPS 180-4) in plain C++, for targets without OpenSSL: the verifier's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace parley {

class PlainSha256 {
 public:
  void update(const void* data, std::size_t size);
  std::array<std::uint8_t, 32> digest();  // the object may not be used afterwards

 private:
  void compress(const std::uint8_t* block);
  std::array<std::uint32_t, 8> state_ = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                         0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::uint8_t, 64> rest_{};
  std::uint64_t size_ = 0;  // bytes so far; the last size_ % 64 of them in rest_
};

}  // namespace parley
