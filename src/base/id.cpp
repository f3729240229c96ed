#include "base/id.hpp"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "base/error.hpp"

namespace parley {
namespace {
void fill_random(unsigned char* out, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::getrandom(out, size, 0);
    if (n < 0) {
      if (errno == EINTR) continue;
      fail_errno("cannot read random bytes", errno);
    }
    out += n;
    size -= static_cast<std::size_t>(n);
  }
}
}  // namespace

std::string new_id(std::string_view prefix, const Clock& clock) {
  static constexpr char kDigits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
  std::array<unsigned char, 16> bytes{};
  const auto ms = static_cast<std::uint64_t>(clock.now_ms());
  for (int i = 0; i < 6; ++i) bytes[i] = static_cast<unsigned char>(ms >> (8 * (5 - i)));
  fill_random(bytes.data() + 6, 10);
  std::string out(prefix);
  out += '_';
  for (int digit = 0; digit < 26; ++digit) {  // 130 bits: two leading zero bits, then the 128
    int value = 0;
    for (int b = 0; b < 5; ++b) {
      const int bit = digit * 5 + b - 2;
      value = value * 2 + (bit < 0 ? 0 : (bytes[bit / 8] >> (7 - bit % 8)) & 1);
    }
    out += kDigits[value];
  }
  return out;
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  fill_random(reinterpret_cast<unsigned char*>(raw.data()), bytes);
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (const char c : raw) {
    out += kDigits[(c >> 4) & 15];
    out += kDigits[c & 15];
  }
  return out;
}

std::string random_alphanumeric(std::size_t count) {
  static constexpr char kDigits[] =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr unsigned kEven = 4 * 62;  // bytes from here on would favour the first digits
  std::string out;
  while (out.size() < count) {
    std::array<unsigned char, 32> bytes{};
    fill_random(bytes.data(), bytes.size());
    for (const unsigned char byte : bytes) {
      if (byte < kEven && out.size() < count) out += kDigits[byte % 62];
    }
  }
  return out;
}

}  // namespace parley
