#include "base/base64.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

namespace parley {
namespace {

// OpenSSL counts in int: longer texts go in parts of whole groups.
constexpr std::size_t kPart = std::size_t{3} << 20;

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string encode_base64(std::string_view bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');  // OpenSSL ends what it writes with NUL
  std::size_t size = 0;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), kPart))) {
    const auto part = static_cast<int>(std::min(bytes.size(), kPart));
    size += static_cast<std::size_t>(::EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(out.data()) + size, octets(bytes), part));
  }
  out.resize(size);
  return out;
}

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  const std::string_view whole = text;
  std::string out(text.size() / 4 * 3, '\0');
  std::size_t size = 0;
  constexpr std::size_t kTextPart = kPart / 3 * 4;
  for (; !text.empty(); text.remove_prefix(std::min(text.size(), kTextPart))) {
    const auto part = static_cast<int>(std::min(text.size(), kTextPart));
    const int got =
        ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()) + size, octets(text), part);
    if (got < 0) return std::nullopt;
    size += static_cast<std::size_t>(got);
  }
  // Padding is decoded as zeros, wherever it stands, and white space is passed over: only a text
  // that comes out again is one.
  for (int i = 0; i < 2 && whole.ends_with('=') && size > 0; ++i) {
    if (whole[whole.size() - 1 - static_cast<std::size_t>(i)] == '=') --size;
  }
  out.resize(size);
  if (encode_base64(out) != whole) return std::nullopt;
  return out;
}

}  // namespace parley
