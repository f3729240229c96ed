#include "text/fold.hpp"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/utf16.h>

#include <array>
#include <memory>

#include "text/char_class.hpp"
#include "text/utf8.hpp"

namespace parley::text {
namespace {

constexpr char32_t kPlaneEnd = 0x10000;  // of the Basic Multilingual Plane
constexpr char32_t kVanishes = 0;

bool is_accent(char32_t c) {
  return c >= 0x0300 && c <= 0x036F;
}

// `c` without the accents that it is decomposed into; itself where there are none, or more.
char32_t without_accents(char32_t c) {
  constexpr int kLongest = 32;  // UTF-16 units; the longest decomposition has four
  static const UNormalizer2* nfd = [] {
    UErrorCode status = U_ZERO_ERROR;
    return unorm2_getNFDInstance(&status);
  }();
  UChar units[kLongest];
  UErrorCode status = U_ZERO_ERROR;
  const int length =
      unorm2_getDecomposition(nfd, static_cast<UChar32>(c), units, kLongest, &status);
  if (length <= 0 || U_FAILURE(status)) return c;
  int at = 0;
  UChar32 base = 0;
  U16_NEXT(units, at, length, base);
  while (at < length) {
    if (!is_accent(units[at++])) return c;
  }
  return static_cast<char32_t>(base);
}

char32_t fold_rare(char32_t c) {
  if (is_accent(c)) return kVanishes;
  return static_cast<char32_t>(
      u_foldCase(static_cast<UChar32>(without_accents(c)), U_FOLD_CASE_DEFAULT));
}

char32_t fold(char32_t c) {
  static const auto table = [] {
    auto all = std::make_unique<std::array<char32_t, kPlaneEnd>>();
    for (char32_t each = 0; each < kPlaneEnd; ++each) (*all)[each] = fold_rare(each);
    return all;
  }();
  return c < kPlaneEnd ? (*table)[c] : fold_rare(c);
}

bool is_in_word(char32_t c) {
  return (char_traits(c) & (kAnyLetter | kMark | kNumeric)) != 0;
}

}  // namespace

std::string fold_characters(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    if (const char32_t folded = fold(c.value); folded != kVanishes) append_code_point(out, folded);
  }
  return out;
}

std::string fold_words(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 1);
  bool inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    const char32_t folded = fold(c.value);
    if (folded == kVanishes) continue;  // inside a word or between two, it changes nothing
    if (!is_in_word(folded)) {
      inside = false;
      continue;
    }
    if (!inside) out += ' ';
    inside = true;
    append_code_point(out, folded);
  }
  return out;
}

}  // namespace parley::text
