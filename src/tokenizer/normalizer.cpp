#include "tokenizer/normalizer.hpp"

#include <unicode/bytestream.h>
#include <unicode/edits.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <algorithm>

#include "base/error.hpp"
#include "text/char_class.hpp"
#include "text/utf8.hpp"
#include "tokenizer/regex_split.hpp"

namespace parley::text {
namespace {

bool is_white_space(char32_t c) {
  return u_isUWhiteSpace(static_cast<UChar32>(c)) != 0;
}

class UnicodeFormStep : public Normalizer {
 public:
  explicit UnicodeFormStep(UnicodeForm form) {
    UErrorCode status = U_ZERO_ERROR;
    switch (form) {
      case UnicodeForm::kNfc:
        form_ = icu::Normalizer2::getNFCInstance(status);
        break;
      case UnicodeForm::kNfd:
        form_ = icu::Normalizer2::getNFDInstance(status);
        break;
      case UnicodeForm::kNfkc:
        form_ = icu::Normalizer2::getNFKCInstance(status);
        break;
      case UnicodeForm::kNfkd:
        form_ = icu::Normalizer2::getNFKDInstance(status);
        break;
    }
    if (U_FAILURE(status)) fail(ErrorKind::kInternal, "ICU has no normalisation data");
  }

  bool leaves_alone(std::string_view text) const override { return is_ascii(text); }

  void rewrite(Rewriting& to) const override {
    std::string_view rest = to.text();
    while (!rest.empty()) {
      std::size_t valid = find_invalid_utf8(rest);
      if (valid == std::string_view::npos) valid = rest.size();
      append(rest.substr(0, valid), to);
      rest.remove_prefix(valid);
      if (rest.empty()) break;
      const std::size_t stray = decode_code_point(rest, 0).length;
      to.keep(stray);
      rest.remove_prefix(stray);
    }
  }

 private:
  void append(std::string_view valid, Rewriting& to) const {
    constexpr std::size_t kPiece = 1u << 28;  // ICU counts in int32
    if (valid.empty()) return;
    if (valid.size() > kPiece)
      fail(ErrorKind::kLimit, "a text of more than 256 MiB cannot be normalised", "split it");
    UErrorCode status = U_ZERO_ERROR;
    const icu::StringPiece input(valid.data(), static_cast<std::int32_t>(valid.size()));
    if (form_->isNormalizedUTF8(input, status) && U_SUCCESS(status)) return to.keep(valid.size());
    status = U_ZERO_ERROR;
    std::string out;
    icu::StringByteSink<std::string> sink(&out);
    icu::Edits edits;
    form_->normalizeUTF8(0, input, sink, to.marked() ? &edits : nullptr, status);
    if (!to.marked() && U_SUCCESS(status)) return to.replace(valid.size(), out);
    std::size_t at = 0;
    for (auto each = edits.getFineIterator(); each.next(status) && U_SUCCESS(status);) {
      const auto before = static_cast<std::size_t>(each.oldLength());
      const auto after = static_cast<std::size_t>(each.newLength());
      if (each.hasChange()) {
        to.replace(before, std::string_view(out).substr(at, after));
      } else {
        to.keep(before);
      }
      at += after;
    }
    if (U_FAILURE(status)) fail(ErrorKind::kInternal, "ICU cannot normalise a text");
  }

  const icu::Normalizer2* form_ = nullptr;
};

// A step that maps characters one by one. Map::operator()(code, out) appends what becomes of one.
template <typename Map>
class EachCharacter : public Normalizer {
 public:
  explicit EachCharacter(Map map) : map_(map) {}
  void rewrite(Rewriting& to) const override {
    std::string mapped;
    const std::string_view text = to.text();
    for (std::size_t at = 0; at < text.size();) {
      const DecodedChar c = decode_utf8(text, at);
      const auto length = static_cast<std::size_t>(c.length);
      if (length == 1 && static_cast<unsigned char>(text[at]) >= 0x80) {
        to.keep(1);  // not UTF-8
      } else {
        mapped.clear();
        map_(c.code, mapped);
        to.replace(length, mapped);
      }
      at += length;
    }
  }

 private:
  Map map_;
};
template <typename Map>
NormalizerPtr each_character(Map map) {
  return std::make_unique<EachCharacter<Map>>(map);
}

class StripStep : public Normalizer {
 public:
  StripStep(bool left, bool right) : left_(left), right_(right) {}
  void rewrite(Rewriting& to) const override {
    const std::string_view text = to.text();
    std::size_t begin = 0, end = text.size();
    while (left_ && begin < end) {
      const DecodedChar c = decode_utf8(text, begin);
      if (!is_white_space(c.code)) break;
      begin += static_cast<std::size_t>(c.length);
    }
    while (right_ && end > begin) {
      std::size_t start = end - 1;
      while (start > begin && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
      const DecodedChar c = decode_utf8(text, start);
      if (start + static_cast<std::size_t>(c.length) != end || !is_white_space(c.code)) break;
      end = start;
    }
    to.replace(begin, {});
    to.keep(end - begin);
    to.replace(text.size() - end, {});
  }

 private:
  bool left_, right_;
};

class PrependStep : public Normalizer {
 public:
  explicit PrependStep(std::string prefix) : prefix_(std::move(prefix)) {}
  bool leaves_alone(std::string_view text) const override { return text.empty(); }
  void rewrite(Rewriting& to) const override { to.replace(0, prefix_); }

 private:
  std::string prefix_;
};

class ReplaceStep : public Normalizer {
 public:
  ReplaceStep(std::string pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  bool leaves_alone(std::string_view text) const override {
    return text.find(pattern_) == std::string_view::npos;
  }
  void rewrite(Rewriting& to) const override {
    const std::string_view text = to.text();
    std::size_t from = 0;
    for (std::size_t found = text.find(pattern_); found != std::string_view::npos;
         found = text.find(pattern_, from)) {
      to.keep(found - from);
      to.replace(pattern_.size(), content_);
      from = found + pattern_.size();
    }
  }

 private:
  std::string pattern_, content_;
};

class ReplaceSpacesStep : public Normalizer {
 public:
  explicit ReplaceSpacesStep(std::string content) : content_(std::move(content)) {}
  bool leaves_alone(std::string_view text) const override {
    return text.find("  ") == std::string_view::npos;
  }
  void rewrite(Rewriting& to) const override {
    const std::string_view text = to.text();
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && text[end] == ' ') ++end;
      if (end - at >= 2) {
        to.replace(end - at, content_);
        at = end;
      } else {
        to.keep(1);
        ++at;
      }
    }
  }

 private:
  std::string content_;
};

class ReplaceRegexStep : public Normalizer {
 public:
  ReplaceRegexStep(std::string_view pattern, std::string content, std::string_view where)
      : regex_(pattern, where), content_(std::move(content)) {}
  void rewrite(Rewriting& to) const override {
    regex_.each(to.text(), [&](std::string_view piece, bool is_match) {
      if (is_match) {
        to.replace(piece.size(), content_);
      } else {
        to.keep(piece.size());
      }
    });
  }

 private:
  Regex regex_;
  std::string content_;
};

void map_nmt(char32_t c, std::string& out) {
  const bool dropped = (c >= 0x01 && c <= 0x08) || c == 0x0B || (c >= 0x0E && c <= 0x1F) ||
                       c == 0x7F || c == 0x8F || c == 0x9F;
  if (dropped) return;
  const bool space = c == 0x09 || c == 0x0A || c == 0x0C || c == 0x0D || c == 0x1680 ||
                     (c >= 0x200B && c <= 0x200F) || c == 0x2028 || c == 0x2029 || c == 0x2581 ||
                     c == 0xFEFF || c == 0xFFFD;
  append_utf8(out, space ? U' ' : c);
}

}  // namespace

void Rewriting::finish() {
  keep(text_.size() - at_);
  text_ = std::move(out_);
  if (marks_) *marks_ = std::move(out_marks_);
}

char Rewriting::lowest_mark(std::size_t bytes) const {
  const auto first = marks_->begin() + static_cast<std::ptrdiff_t>(at_);
  return bytes == 0 ? '\1' : *std::min_element(first, first + static_cast<std::ptrdiff_t>(bytes));
}

NormalizerPtr unicode_form(UnicodeForm form) {
  return std::make_unique<UnicodeFormStep>(form);
}
NormalizerPtr lowercase() {
  return each_character([](char32_t c, std::string& out) {
    // The one character whose lower case, taken alone, is two.
    if (c == 0x130) {
      out += "i\xCC\x87";
    } else {
      append_utf8(out, static_cast<char32_t>(u_tolower(static_cast<UChar32>(c))));
    }
  });
}
NormalizerPtr strip_white_space(bool left, bool right) {
  return std::make_unique<StripStep>(left, right);
}
NormalizerPtr strip_accents() {
  return each_character([](char32_t c, std::string& out) {
    if (!(U_GET_GC_MASK(static_cast<UChar32>(c)) & U_GC_M_MASK)) append_utf8(out, c);
  });
}
NormalizerPtr prepend(std::string prefix) {
  return std::make_unique<PrependStep>(std::move(prefix));
}
NormalizerPtr replace_all(std::string pattern, std::string content) {
  return std::make_unique<ReplaceStep>(std::move(pattern), std::move(content));
}
NormalizerPtr replace_spaces(std::string content) {
  return std::make_unique<ReplaceSpacesStep>(std::move(content));
}
NormalizerPtr replace_regex(std::string_view pattern, std::string content, std::string_view where) {
  return std::make_unique<ReplaceRegexStep>(pattern, std::move(content), where);
}
NormalizerPtr nmt() {
  return each_character(map_nmt);
}

}  // namespace parley::text
