#include "tokenizer/charsmap.hpp"

#include <bit>
#include <cstring>

#include "base/error.hpp"

namespace parley::text {
namespace {

static_assert(std::endian::native == std::endian::little);

// A unit of the double array: label, distance to the children, whether a value hangs below.
std::uint32_t label_of(std::uint32_t unit) {
  return unit & ((1u << 31) | 0xFF);
}
std::uint32_t offset_of(std::uint32_t unit) {
  return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}
bool has_value(std::uint32_t unit) {
  return (unit >> 8 & 1) != 0;
}
std::uint32_t value_of(std::uint32_t unit) {
  return unit & ((1u << 31) - 1);
}

}  // namespace

Charsmap::Charsmap(std::string_view blob, std::string_view where) {
  std::uint32_t size = 0;
  if (blob.size() >= sizeof size) std::memcpy(&size, blob.data(), sizeof size);
  if (blob.size() < sizeof size || size > blob.size() - sizeof size || size % 4 != 0 || size == 0) {
    fail(ErrorKind::kInvalidInput, std::string(where) + " is not a SentencePiece character map",
         "the file is damaged: fetch it again");
  }
  units_.resize(size / 4);
  std::memcpy(units_.data(), blob.data() + sizeof size, size);
  replacements_ = blob.substr(sizeof size + size);
  for (int c = 0; c < 128; ++c) {
    const char first = static_cast<char>(c);
    plain_[c] = longest(std::string_view(&first, 1)).length == 0;
    for (int next = 0; next < 128 && plain_[c]; ++next) {
      const char pair[2] = {first, static_cast<char>(next)};
      plain_[c] = longest(std::string_view(pair, 2)).length == 0;
    }
  }
}

Charsmap::Match Charsmap::match(std::string_view text, bool longest) const {
  Match found;
  if (units_.empty()) return found;
  std::uint32_t at = offset_of(units_[0]);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == 0) break;  // never part of a rule: zero marks the values
    at ^= byte;
    if (at >= units_.size() || label_of(units_[at]) != byte) break;
    const std::uint32_t unit = units_[at];
    at ^= offset_of(unit);
    if (!has_value(unit) || at >= units_.size()) continue;
    const std::uint32_t from = value_of(units_[at]);
    if (from >= replacements_.size()) continue;
    const char* start = replacements_.data() + from;
    found = {i + 1, std::string_view(start, strnlen(start, replacements_.size() - from))};
    if (!longest) break;
  }
  return found;
}

}  // namespace parley::text
