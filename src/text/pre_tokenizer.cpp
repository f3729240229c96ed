#include "text/pre_tokenizer.hpp"

#include "text/char_class.hpp"

namespace parley::text {

const char* const kSplitPattern =
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| "
    "?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

namespace {

struct Char {
  CharClass type;
  int length;
  bool newline;
};

Char at(std::string_view text, std::size_t i) {
  const auto byte = static_cast<unsigned char>(text[i]);
  if (byte < 0x80) {
    return {char_class(byte), 1, byte == '\n' || byte == '\r'};
  }
  const DecodedChar c = decode_utf8(text, i);
  return {char_class(c.code), c.length, false};
}

std::size_t skip_letters(std::string_view text, std::size_t i) {
  while (i < text.size()) {
    const Char c = at(text, i);
    if (c.type != kLetter) break;
    i += c.length;
  }
  return i;
}

// 's 't 're 've 'm 'll 'd in either case; 0 if none. U+017F (long s) folds to s.
std::size_t contraction(std::string_view text) {
  if (text.size() < 2) return 0;
  const char a = static_cast<char>(text[1] | 0x20);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (text.size() < 3) return 0;
  if (text[1] == '\xC5' && text[2] == '\xBF') return 3;
  const char b = static_cast<char>(text[2] | 0x20);
  if ((a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l')) return 3;
  return 0;
}

std::size_t space_word(std::string_view text) {
  std::size_t end = 0, last_start = 0, after_newline = 0, count = 0;
  while (end < text.size()) {
    const Char c = at(text, end);
    if (c.type != kSpace) break;
    last_start = end;
    end += c.length;
    ++count;
    if (c.newline) after_newline = end;
  }
  if (after_newline > 0) return after_newline;       // \s*[\r\n]+
  if (end == text.size() || count == 1) return end;  // \s+(?!\S) at the end; a single space
  return last_start;                                 // \s+(?!\S): leave one for the next word
}

}  // namespace

std::size_t next_word(std::string_view text) {
  if (text[0] == '\'') {
    if (const std::size_t n = contraction(text)) return n;
  }
  const Char first = at(text, 0);
  const std::size_t next = first.length;
  if (first.type == kLetter) return skip_letters(text, next);
  const bool more = next < text.size();
  if (first.type != kNumber && !first.newline && more && at(text, next).type == kLetter) {
    return skip_letters(text, next);
  }
  if (first.type == kNumber) {
    std::size_t i = next;
    for (int digits = 1; digits < 3 && i < text.size(); ++digits) {
      const Char c = at(text, i);
      if (c.type != kNumber) break;
      i += c.length;
    }
    return i;
  }
  // " ?[^\s\p{L}\p{N}]+[\r\n]*"
  std::size_t i = text[0] == ' ' ? 1 : 0;
  const std::size_t symbols = i;
  while (i < text.size()) {
    const Char c = at(text, i);
    if (c.type != kOther) break;
    i += c.length;
  }
  if (i > symbols) {
    while (i < text.size() && (text[i] == '\r' || text[i] == '\n')) ++i;
    return i;
  }
  return space_word(text);
}

}  // namespace parley::text
