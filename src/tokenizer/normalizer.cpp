#include "tokenizer/normalizer.hpp"

#include <unicode/bytestream.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

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

  void apply(std::string& text) const override {
    if (is_ascii(text)) return;
    std::string out;
    std::string_view rest = text;
    while (!rest.empty()) {
      std::size_t valid = find_invalid_utf8(rest);
      if (valid == std::string_view::npos) valid = rest.size();
      append(rest.substr(0, valid), out);
      rest.remove_prefix(valid);
      if (rest.empty()) break;
      const std::size_t stray = decode_code_point(rest, 0).length;
      out.append(rest.substr(0, stray));
      rest.remove_prefix(stray);
    }
    text = std::move(out);
  }

 private:
  void append(std::string_view valid, std::string& out) const {
    constexpr std::size_t kPiece = 1u << 28;  // ICU counts in int32
    if (valid.empty()) return;
    if (valid.size() > kPiece)
      fail(ErrorKind::kLimit, "a text of more than 256 MiB cannot be normalised", "split it");
    UErrorCode status = U_ZERO_ERROR;
    const icu::StringPiece input(valid.data(), static_cast<std::int32_t>(valid.size()));
    if (form_->isNormalizedUTF8(input, status) && U_SUCCESS(status)) {
      out.append(valid);
      return;
    }
    status = U_ZERO_ERROR;
    icu::StringByteSink<std::string> sink(&out);
    form_->normalizeUTF8(0, input, sink, nullptr, status);
    if (U_FAILURE(status)) fail(ErrorKind::kInternal, "ICU cannot normalise a text");
  }

  const icu::Normalizer2* form_ = nullptr;
};

// A step that maps characters one by one. Map::operator()(code, out) appends what becomes of one.
template <typename Map>
class EachCharacter : public Normalizer {
 public:
  explicit EachCharacter(Map map) : map_(map) {}
  void apply(std::string& text) const override {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      const DecodedChar c = decode_utf8(text, at);
      const auto length = static_cast<std::size_t>(c.length);
      if (length == 1 && static_cast<unsigned char>(text[at]) >= 0x80) {
        out += text[at];  // not UTF-8
      } else {
        map_(c.code, out);
      }
      at += length;
    }
    text = std::move(out);
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
  void apply(std::string& text) const override {
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
    text = text.substr(begin, end - begin);
  }

 private:
  bool left_, right_;
};

class PrependStep : public Normalizer {
 public:
  explicit PrependStep(std::string prefix) : prefix_(std::move(prefix)) {}
  void apply(std::string& text) const override {
    if (!text.empty()) text.insert(0, prefix_);
  }

 private:
  std::string prefix_;
};

class ReplaceStep : public Normalizer {
 public:
  ReplaceStep(std::string pattern, std::string content)
      : pattern_(std::move(pattern)), content_(std::move(content)) {}
  void apply(std::string& text) const override {
    std::size_t found = text.find(pattern_);
    if (found == std::string::npos) return;
    std::string out;
    out.reserve(text.size() + text.size() / 4 + 16);
    std::size_t from = 0;
    for (; found != std::string::npos; found = text.find(pattern_, from)) {
      out.append(text, from, found - from);
      out += content_;
      from = found + pattern_.size();
    }
    out.append(text, from);
    text = std::move(out);
  }

 private:
  std::string pattern_, content_;
};

class ReplaceSpacesStep : public Normalizer {
 public:
  explicit ReplaceSpacesStep(std::string content) : content_(std::move(content)) {}
  void apply(std::string& text) const override {
    if (text.find("  ") == std::string::npos) return;
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at;
      while (end < text.size() && text[end] == ' ') ++end;
      if (end - at >= 2) {
        out += content_;
        at = end;
      } else {
        out += text[at++];
      }
    }
    text = std::move(out);
  }

 private:
  std::string content_;
};

class ReplaceRegexStep : public Normalizer {
 public:
  ReplaceRegexStep(std::string_view pattern, std::string content, std::string_view where)
      : regex_(pattern, where), content_(std::move(content)) {}
  void apply(std::string& text) const override {
    std::string out;
    regex_.each(text, [&](std::string_view piece, bool is_match) {
      if (is_match) {
        out += content_;
      } else {
        out += piece;
      }
    });
    text = std::move(out);
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
