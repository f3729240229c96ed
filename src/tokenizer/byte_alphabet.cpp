#include "tokenizer/byte_alphabet.hpp"

#include <array>

#include "text/char_class.hpp"

namespace parley::text {
namespace {

constexpr bool is_visible(int byte) {
  return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

struct Alphabet {
  std::array<char32_t, 256> character{};
  std::array<int, 0x180> byte{};  // by character; -1
};

constexpr Alphabet make_alphabet() {
  Alphabet made;
  for (int& byte : made.byte) byte = -1;
  char32_t next = 0x100;
  for (int b = 0; b < 256; ++b) {
    made.character[b] = is_visible(b) ? static_cast<char32_t>(b) : next++;
    made.byte[made.character[b]] = b;
  }
  return made;
}

constexpr Alphabet kAlphabet = make_alphabet();

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::string bytes_to_stand_ins(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) append_utf8(out, kAlphabet.character[static_cast<unsigned char>(c)]);
  return out;
}

bool stand_ins_to_bytes(std::string_view text, std::string& bytes) {
  bytes.clear();
  for (std::size_t at = 0; at < text.size();) {
    const DecodedChar c = decode_utf8(text, at);
    const int byte = c.code < kAlphabet.byte.size() ? kAlphabet.byte[c.code] : -1;
    if (byte < 0) return false;
    bytes += static_cast<char>(byte);
    at += static_cast<std::size_t>(c.length);
  }
  return true;
}

int byte_of_token(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token[5] != '>') return -1;
  const int high = hex_digit(token[3]), low = hex_digit(token[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace parley::text
