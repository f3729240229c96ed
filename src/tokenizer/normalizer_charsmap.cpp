// The two steps that apply SentencePiece's character map: Hugging Face's and SentencePiece's own.
#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include <algorithm>

#include "base/error.hpp"
#include "text/utf8.hpp"
#include "tokenizer/normalizer.hpp"
#include "tokenizer/piece_model.hpp"

namespace parley::text {
namespace {

bool is_ascii_byte(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

// Where grapheme clusters end, by ICU's rules.
class Graphemes {
 public:
  Graphemes() {
    UErrorCode status = U_ZERO_ERROR;
    iterator_ = ubrk_open(UBRK_CHARACTER, "", nullptr, 0, &status);
    if (U_FAILURE(status)) fail(ErrorKind::kInternal, "ICU has no rules for graphemes");
  }
  ~Graphemes() {
    ubrk_close(iterator_);
    utext_close(text_);
  }
  Graphemes(const Graphemes&) = delete;
  Graphemes& operator=(const Graphemes&) = delete;

  template <typename Visit>
  void each(std::string_view text, Visit&& visit) {
    UErrorCode status = U_ZERO_ERROR;
    text_ = utext_openUTF8(text_, text.data(), static_cast<std::int64_t>(text.size()), &status);
    ubrk_setUText(iterator_, text_, &status);
    if (U_FAILURE(status)) fail(ErrorKind::kInternal, "ICU cannot find graphemes");
    std::int32_t from = ubrk_first(iterator_);
    for (std::int32_t to = ubrk_next(iterator_); to != UBRK_DONE; to = ubrk_next(iterator_)) {
      visit(text.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from)));
      from = to;
    }
  }

 private:
  UBreakIterator* iterator_ = nullptr;
  UText* text_ = nullptr;
};

class PrecompiledStep : public Normalizer {
 public:
  explicit PrecompiledStep(Charsmap map) : map_(std::move(map)) {}

  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    const std::string_view all = text;
    for (std::size_t at = 0; at < all.size();) {
      if (stands_alone(all, at)) {
        if (map_.leaves_alone(all[at])) {
          out += all[at];
        } else {
          replace_grapheme(all.substr(at, 1), out);
        }
        ++at;
        continue;
      }
      std::size_t end = at + 1;  // up to where two ASCII characters meet
      while (end < all.size() && !(is_ascii_byte(all[end - 1]) && stands_apart(all, end))) ++end;
      thread_local Graphemes graphemes;
      graphemes.each(all.substr(at, end - at),
                     [&](std::string_view grapheme) { replace_grapheme(grapheme, out); });
      at = end;
    }
    text = std::move(out);
  }

 private:
  // An ASCII character at `at` that does not cling to the ASCII character before it.
  static bool stands_apart(std::string_view text, std::size_t at) {
    return is_ascii_byte(text[at]) && !(text[at] == '\n' && text[at - 1] == '\r');
  }
  static bool stands_alone(std::string_view text, std::size_t at) {
    return is_ascii_byte(text[at]) && (at + 1 == text.size() || stands_apart(text, at + 1));
  }

  void replace_grapheme(std::string_view grapheme, std::string& out) const {
    if (grapheme.size() < 6) {
      const Charsmap::Match whole = map_.shortest(grapheme);
      if (whole.length > 0) {
        out += whole.replacement;
        return;
      }
    }
    for (std::size_t at = 0; at < grapheme.size();) {
      const std::string_view character =
          grapheme.substr(at, decode_code_point(grapheme, at).length);
      const Charsmap::Match match = map_.shortest(character);
      out += match.length > 0 ? match.replacement : character;
      at += character.size();
    }
  }

  Charsmap map_;
};

class SentencePieceStep : public Normalizer {
 public:
  explicit SentencePieceStep(SentencePieceNormalization rules) : rules_(std::move(rules)) {}

  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size() + text.size() / 2 + 3);
    const std::string_view space = rules_.escape_whitespaces ? kSpaceSymbol : " ";
    const bool trim = rules_.remove_extra_whitespaces;
    std::string_view rest = text;
    while (trim && !rest.empty()) {
      const auto [taken, result] = prefix(rest);
      if (result != " ") break;
      rest.remove_prefix(taken);
    }
    if (rest.empty()) {
      text.clear();
      return;
    }
    if (rules_.add_dummy_prefix && !rules_.whitespace_as_suffix) out += space;
    bool after_space = trim;
    while (!rest.empty()) {
      if (rest[0] != ' ' && rest.size() > 1 && is_ascii_byte(rest[1]) &&
          !rules_.verbatim.may_start(rest[0]) && rules_.map.leaves_alone(rest[0])) {
        out += rest[0];
        rest.remove_prefix(1);
        after_space = false;
        continue;
      }
      auto [taken, result] = prefix(rest);
      rest.remove_prefix(taken);
      while (after_space && result.starts_with(' ')) result.remove_prefix(1);
      if (result.empty()) continue;
      for (const char c : result) {
        if (c == ' ') {
          out += space;
        } else {
          out += c;
        }
      }
      after_space = trim && result.back() == ' ';
    }
    while (trim && std::string_view(out).ends_with(space)) out.resize(out.size() - space.size());
    if (rules_.add_dummy_prefix && rules_.whitespace_as_suffix) out += space;
    text = std::move(out);
  }

 private:
  // What the start of `text`, which is not empty, becomes, and how many bytes of it that takes.
  std::pair<std::size_t, std::string_view> prefix(std::string_view text) const {
    if (const auto fixed = rules_.verbatim.longest(text, 0); fixed.length > 0)
      return {fixed.length, text.substr(0, fixed.length)};
    if (const auto rule = rules_.map.longest(text); rule.length > 0)
      return {rule.length, rule.replacement};
    const CodePoint c = decode_code_point(text, 0);
    if (!c.valid) return {1, "\xEF\xBF\xBD"};
    return {c.length, text.substr(0, c.length)};
  }

  SentencePieceNormalization rules_;
};

}  // namespace

NormalizerPtr precompiled(Charsmap map) {
  return std::make_unique<PrecompiledStep>(std::move(map));
}
NormalizerPtr sentence_piece(SentencePieceNormalization rules) {
  return std::make_unique<SentencePieceStep>(std::move(rules));
}

}  // namespace parley::text
