#include "tokenizer/word_split.hpp"

#include <algorithm>

#include "text/char_class.hpp"

namespace parley::text {
namespace {

struct KnownSplit {
  std::string_view regex;
  WordSplit split;
};

#define PARLEY_CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define PARLEY_TAIL R"(|\s*[\r\n]+|\s+(?!\S)|\s+)"
#define PARLEY_UPPER R"([\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}])"
#define PARLEY_LOWER R"([\p{Ll}\p{Lm}\p{Lo}\p{M}])"
#define PARLEY_LEAD R"([^\r\n\p{L}\p{N}]?)"

// The first spelling of a split is what split_pattern() returns. Possessive quantifiers and a
// single newline after \s* change nothing: what they would give back cannot match either.
constexpr KnownSplit kKnown[] = {
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     WordSplit::kGpt2},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     WordSplit::kGpt2},
    {PARLEY_CONTRACTIONS
     R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kDigits3},
    {R"((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]))"
     R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kDigits3},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*)"
     R"(|\s*[\r\n]|\s+(?!\S)|\s+)",
     WordSplit::kDigits3},
    {R"('(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+)"
     R"(|\s*[\r\n]|\s+(?!\S)|\s+)",
     WordSplit::kDigits3},
    {PARLEY_CONTRACTIONS R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kDigits1},
    {PARLEY_CONTRACTIONS
     R"(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kDigitsAny},
    {PARLEY_CONTRACTIONS
     R"(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kMarks1},
    {PARLEY_LEAD PARLEY_UPPER "*" PARLEY_LOWER "+" PARLEY_CONTRACTIONS "?|" PARLEY_LEAD PARLEY_UPPER
                              "+" PARLEY_LOWER "*" PARLEY_CONTRACTIONS
                              R"(?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" PARLEY_TAIL,
     WordSplit::kO200k},
    {PARLEY_LEAD PARLEY_UPPER "*" PARLEY_LOWER "+|" PARLEY_LEAD PARLEY_UPPER "+" PARLEY_LOWER
                              R"(*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*)" PARLEY_TAIL,
     WordSplit::kTekken},
    {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^)"
     "\r\n"
     R"(\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[)"
     "\r\n]*|\\s*[\r\n]+"
     R"(|\s+(?!\S)|\s+)",
     WordSplit::kDeepSeek},
    {R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
     R"(| ?[\p{P}\p{S}]+[\r\n]*)" PARLEY_TAIL,
     WordSplit::kDeepSeek},
    {R"(\p{N}{1,3})", WordSplit::kThreeDigits},
    {"[一-龥\u3040-ゟ゠-ヿ]+", WordSplit::kHanKana},
    {"[0-9][0-9][0-9]", WordSplit::kThreeAscii},
};

#undef PARLEY_CONTRACTIONS
#undef PARLEY_TAIL
#undef PARLEY_UPPER
#undef PARLEY_LOWER
#undef PARLEY_LEAD

constexpr unsigned kLetterOrNumber = kAnyLetter | kNumeric;

struct Char {
  unsigned traits;
  std::size_t length;
};

Char at_byte(std::string_view text, std::size_t at) {
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {char_traits(byte), 1};
  const DecodedChar c = decode_utf8(text, at);
  const auto length = static_cast<std::size_t>(c.length);
  return {length == 1 ? 0 : char_traits(c.code), length};
}

bool is_newline(char c) {
  return c == '\r' || c == '\n';
}

// The end of the run of characters with any of these traits.
std::size_t skip(std::string_view text, std::size_t at, unsigned traits) {
  while (at < text.size()) {
    const Char c = at_byte(text, at);
    if (!(c.traits & traits)) break;
    at += c.length;
  }
  return at;
}

std::size_t skip_without(std::string_view text, std::size_t at, unsigned traits) {
  while (at < text.size()) {
    const Char c = at_byte(text, at);
    if (c.traits & traits) break;
    at += c.length;
  }
  return at;
}

std::size_t skip_newlines(std::string_view text, std::size_t at, bool slashes = false) {
  while (at < text.size() && (is_newline(text[at]) || (slashes && text[at] == '/'))) ++at;
  return at;
}

std::size_t skip_numbers(std::string_view text, std::size_t at, int most) {
  for (; most > 0 && at < text.size(); --most) {
    const Char c = at_byte(text, at);
    if (!(c.traits & kNumeric)) break;
    at += c.length;
  }
  return at;
}

// Length of 's 't 'm 'd 're 've 'll at text[at]; 0 if none. In any case, U+017F (long s) is an s.
std::size_t contraction(std::string_view text, std::size_t at, bool any_case) {
  if (at + 1 >= text.size() || text[at] != '\'') return 0;
  const auto fold = [&](std::size_t i) {
    const char c = at + i < text.size() ? text[at + i] : '\0';
    return any_case && c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  };
  const char a = fold(1), b = fold(2);
  if (a == 's' || a == 't' || a == 'm' || a == 'd') return 2;
  if (any_case && a == '\xC5' && b == '\xBF') return 3;
  return (a == 'r' && b == 'e') || (a == 'v' && b == 'e') || (a == 'l' && b == 'l') ? 3 : 0;
}

// \s*[\r\n]+|\s+(?!\S)|\s+ , or without the first of the three. At white space.
std::size_t white_space(std::string_view text, std::size_t at, bool newlines_apart) {
  std::size_t end = at, last = at, after_newline = 0;
  while (end < text.size()) {
    const Char c = at_byte(text, end);
    if (!(c.traits & kWhite)) break;
    last = end;
    end += c.length;
    if (is_newline(text[last])) after_newline = end;
  }
  if (newlines_apart && after_newline > 0) return after_newline;
  if (end == text.size() || last == at) return end;
  return last;  // the last one stays for the next word
}

//  ?[^\s\p{L}\p{N}]+ ; `at` unchanged when there is none.
std::size_t symbols(std::string_view text, std::size_t at, unsigned excluded) {
  const std::size_t from = text[at] == ' ' ? at + 1 : at;
  const std::size_t end = skip_without(text, from, excluded);
  return end > from ? end : at;
}

std::size_t gpt2(std::string_view text, std::size_t at) {
  if (const std::size_t n = contraction(text, at, false)) return at + n;
  const std::size_t from = text[at] == ' ' && at + 1 < text.size() ? at + 1 : at;
  const Char first = at_byte(text, from);
  if (first.traits & kAnyLetter) return skip(text, from, kAnyLetter);
  if (first.traits & kNumeric) return skip(text, from, kNumeric);
  if (!(first.traits & kWhite)) return skip_without(text, from, kWhite | kLetterOrNumber);
  return white_space(text, at, false);
}

// The family of cl100k: `digits` to a number, words that may hold marks.
std::size_t cl100k(std::string_view text, std::size_t at, int digits, bool marks) {
  if (const std::size_t n = contraction(text, at, true)) return at + n;
  const unsigned word = marks ? kAnyLetter | kMark : kAnyLetter;
  const Char first = at_byte(text, at);
  const std::size_t next = at + first.length;
  if (!(first.traits & kLetterOrNumber) && !is_newline(text[at]) && next < text.size() &&
      (at_byte(text, next).traits & word)) {
    return skip(text, next, word);
  }
  if (first.traits & word) return skip(text, next, word);
  if (first.traits & kNumeric) return skip_numbers(text, next, digits - 1);
  const std::size_t end = symbols(text, at, kWhite | kNumeric | word);
  if (end > at) return skip_newlines(text, end);
  return white_space(text, at, true);
}

// [Lu Lt Lm Lo M]*[Ll Lm Lo M]+ from `at`; `at` when it does not match.
std::size_t capitalised(std::string_view text, std::size_t at) {
  constexpr unsigned kUpperPart = kUpper | kUncased | kMark, kLowerPart = kLower | kUncased | kMark;
  std::size_t end = at, after_both = at;  // after_both: behind the last character of either part
  while (end < text.size()) {
    const Char c = at_byte(text, end);
    if (!(c.traits & kUpperPart)) break;
    end += c.length;
    if (c.traits & kLowerPart) after_both = end;
  }
  const std::size_t lower = skip(text, end, kLowerPart);
  return lower > end ? lower : after_both;
}

std::size_t o200k(std::string_view text, std::size_t at, int digits, bool contractions) {
  constexpr unsigned kUpperPart = kUpper | kUncased | kMark;
  const Char first = at_byte(text, at);
  const std::size_t next = at + first.length;
  const bool leads = !(first.traits & kLetterOrNumber) && !is_newline(text[at]);
  const auto close = [&](std::size_t end) {
    return end < text.size() && contractions ? end + contraction(text, end, true) : end;
  };
  if (leads && next < text.size()) {
    if (const std::size_t end = capitalised(text, next); end > next) return close(end);
  }
  if (const std::size_t end = capitalised(text, at); end > at) return close(end);
  if (leads && next < text.size()) {
    if (const std::size_t end = skip(text, next, kUpperPart); end > next) return close(end);
  }
  if (const std::size_t end = skip(text, at, kUpperPart); end > at) return close(end);
  if (first.traits & kNumeric) return skip_numbers(text, next, digits - 1);
  const std::size_t end = symbols(text, at, kWhite | kLetterOrNumber);
  if (end > at) return skip_newlines(text, end, true);
  return white_space(text, at, true);
}

bool is_ascii_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::size_t deep_seek(std::string_view text, std::size_t at) {
  constexpr unsigned kWord = kAnyLetter | kMark, kSign = kPunctuation | kSymbol;
  const Char first = at_byte(text, at);
  const std::size_t next = at + first.length;
  const bool ascii_sign = first.length == 1 && (first.traits & kSign);
  if (ascii_sign && next < text.size() && is_ascii_letter(text[next])) {
    std::size_t end = next;
    while (end < text.size() && is_ascii_letter(text[end])) ++end;
    return end;
  }
  if (!(first.traits & (kAnyLetter | kSign)) && !is_newline(text[at]) && next < text.size() &&
      (at_byte(text, next).traits & kWord)) {
    return skip(text, next, kWord);
  }
  if (first.traits & kWord) return skip(text, next, kWord);
  const std::size_t from = text[at] == ' ' ? at + 1 : at;
  const std::size_t signs = skip(text, from, kSign);
  if (signs > from) return skip_newlines(text, signs);
  return (first.traits & kWhite) ? white_space(text, at, true) : at;
}

std::size_t han_kana(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const DecodedChar c = decode_utf8(text, at);
    const bool inside = (c.code >= 0x4E00 && c.code <= 0x9FA5) ||
                        (c.code >= 0x3040 && c.code <= 0x309F) ||
                        (c.code >= 0x30A0 && c.code <= 0x30FF);
    if (!inside) break;
    at += static_cast<std::size_t>(c.length);
  }
  return at;
}

std::size_t three_ascii(std::string_view text, std::size_t at) {
  const std::string_view three = text.substr(at, 3);
  const bool digits = three.size() == 3 && std::all_of(three.begin(), three.end(),
                                                       [](char c) { return c >= '0' && c <= '9'; });
  return digits ? at + 3 : at;
}

std::size_t match_end(WordSplit split, std::string_view text, std::size_t at) {
  constexpr int kMany = 1 << 30;
  switch (split) {
    case WordSplit::kGpt2:
      return gpt2(text, at);
    case WordSplit::kDigits3:
      return cl100k(text, at, 3, false);
    case WordSplit::kDigits1:
      return cl100k(text, at, 1, false);
    case WordSplit::kDigitsAny:
      return cl100k(text, at, kMany, false);
    case WordSplit::kMarks1:
      return cl100k(text, at, 1, true);
    case WordSplit::kO200k:
      return o200k(text, at, 3, true);
    case WordSplit::kTekken:
      return o200k(text, at, 1, false);
    case WordSplit::kDeepSeek:
      return deep_seek(text, at);
    case WordSplit::kThreeDigits:
      return skip_numbers(text, at, 3);
    case WordSplit::kHanKana:
      return han_kana(text, at);
    case WordSplit::kThreeAscii:
      return three_ascii(text, at);
  }
  return at;
}

}  // namespace

std::optional<WordSplit> known_split(std::string_view regex) {
  for (const KnownSplit& known : kKnown) {
    if (known.regex == regex) return known.split;
  }
  return std::nullopt;
}

std::string_view split_pattern(WordSplit split) {
  return std::find_if(std::begin(kKnown), std::end(kKnown),
                      [&](const KnownSplit& known) { return known.split == split; })
      ->regex;
}

std::size_t match_word(WordSplit split, std::string_view text, std::size_t at) {
  return match_end(split, text, at) - at;
}

}  // namespace parley::text
