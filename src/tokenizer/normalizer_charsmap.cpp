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

  void rewrite(Rewriting& to) const override {
    const std::string_view all = to.text();
    for (std::size_t at = 0; at < all.size();) {
      if (stands_alone(all, at)) {
        if (map_.leaves_alone(all[at])) {
          to.keep(1);
        } else {
          replace_grapheme(all.substr(at, 1), to);
        }
        ++at;
        continue;
      }
      std::size_t end = at + 1;  // up to where two ASCII characters meet
      while (end < all.size() && !(is_ascii_byte(all[end - 1]) && stands_apart(all, end))) ++end;
      thread_local Graphemes graphemes;
      graphemes.each(all.substr(at, end - at),
                     [&](std::string_view grapheme) { replace_grapheme(grapheme, to); });
      at = end;
    }
  }

 private:
  // An ASCII character at `at` that does not cling to the ASCII character before it.
  static bool stands_apart(std::string_view text, std::size_t at) {
    return is_ascii_byte(text[at]) && !(text[at] == '\n' && text[at - 1] == '\r');
  }
  static bool stands_alone(std::string_view text, std::size_t at) {
    return is_ascii_byte(text[at]) && (at + 1 == text.size() || stands_apart(text, at + 1));
  }

  void replace_grapheme(std::string_view grapheme, Rewriting& to) const {
    if (grapheme.size() < 6) {
      const Charsmap::Match whole = map_.shortest(grapheme);
      if (whole.length > 0) return to.replace(grapheme.size(), whole.replacement);
    }
    for (std::size_t at = 0; at < grapheme.size();) {
      const std::string_view character =
          grapheme.substr(at, decode_code_point(grapheme, at).length);
      const Charsmap::Match match = map_.shortest(character);
      to.replace(character.size(), match.length > 0 ? match.replacement : character);
      at += character.size();
    }
  }

  Charsmap map_;
};

class SentencePieceStep : public Normalizer {
 public:
  explicit SentencePieceStep(SentencePieceNormalization rules) : rules_(std::move(rules)) {}

  void rewrite(Rewriting& to) const override {
    const std::string_view space = rules_.escape_whitespaces ? kSpaceSymbol : " ";
    const bool trim = rules_.remove_extra_whitespaces;
    std::string_view rest = to.text();
    const auto write = [&](std::size_t taken, std::string_view by) {
      to.replace(taken, by);
      rest.remove_prefix(taken);
    };
    while (trim && !rest.empty()) {
      const auto [taken, result] = prefix(rest);
      if (result != " ") break;
      write(taken, {});
    }
    if (rest.empty()) return;
    if (rules_.add_dummy_prefix && !rules_.whitespace_as_suffix) to.replace(0, space);
    bool after_space = trim;
    std::string spaced;
    while (!rest.empty()) {
      std::size_t plain = 0;
      while (plain + 1 < rest.size() && stays(rest[plain]) && is_ascii_byte(rest[plain + 1]))
        ++plain;
      if (plain > 0) {
        to.keep(plain);
        rest.remove_prefix(plain);
        after_space = false;
        continue;
      }
      auto [taken, result] = prefix(rest);
      while (after_space && result.starts_with(' ')) result.remove_prefix(1);
      if (result.empty()) {
        write(taken, {});
        continue;
      }
      after_space = trim && result.back() == ' ';
      spaced.clear();
      for (const char c : result) {
        if (c == ' ') {
          spaced += space;
        } else {
          spaced += c;
        }
      }
      write(taken, spaced);
    }
    while (trim && std::string_view(to.out()).ends_with(space)) to.drop_end(space.size());
    if (rules_.add_dummy_prefix && rules_.whitespace_as_suffix) to.replace(0, space);
  }

 private:
  // Whether a character that an ASCII character follows is kept as it is.
  bool stays(char c) const {
    return c != ' ' && !rules_.verbatim.may_start(c) && rules_.map.leaves_alone(c);
  }

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
