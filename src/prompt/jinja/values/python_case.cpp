// Upper, lower and title case as Python's str has them: Unicode's full mappings, of no language.
#include <unicode/locid.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include "prompt/jinja/values/python_text.hpp"
#include "text/utf8.hpp"

namespace parley::text::jinja {
namespace {

enum class Case { kUpper, kLower, kTitle };

icu::UnicodeString to_utf16(std::string_view text) {
  return icu::UnicodeString::fromUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())));
}

std::string cased(std::string_view text, Case to) {
  if (is_ascii(text)) {
    std::string out(text);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const bool upper = to == Case::kUpper || (to == Case::kTitle && i == 0);
      const char c = out[i];
      if (upper && c >= 'a' && c <= 'z') out[i] = static_cast<char>(c - 'a' + 'A');
      if (!upper && c >= 'A' && c <= 'Z') out[i] = static_cast<char>(c - 'A' + 'a');
    }
    return out;
  }
  icu::UnicodeString wide = to_utf16(text);
  if (to == Case::kUpper) {
    wide.toUpper(icu::Locale::getRoot());
  } else {
    wide.toLower(icu::Locale::getRoot());
  }
  std::string out;
  wide.toUTF8String(out);
  return out;
}

// One code point's titlecase. The full mapping: U+FB01 becomes "Fi".
std::string title_character(std::string_view character) {
  if (is_ascii(character)) return cased(character, Case::kTitle);
  icu::UnicodeString wide = to_utf16(character);
  wide.toTitle(nullptr, icu::Locale::getRoot(), U_TITLECASE_NO_BREAK_ADJUSTMENT);
  std::string out;
  wide.toUTF8String(out);
  return out;
}

bool is_cased(char32_t c) {
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASED);
}
bool is_upper_or_title(char32_t c) {
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_UPPERCASE) ||
         u_charType(static_cast<UChar32>(c)) == U_TITLECASE_LETTER;
}
bool is_lower_character(char32_t c) {
  return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_LOWERCASE);
}

}  // namespace

std::string upper(std::string_view text) {
  return cased(text, Case::kUpper);
}

std::string lower(std::string_view text) {
  return cased(text, Case::kLower);
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return {};
  if (is_ascii(text)) return cased(text, Case::kTitle);
  const std::size_t first = decode_code_point(text, 0).length;
  return title_character(text.substr(0, first)) + lower(text.substr(first));
}

std::string title(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {  // runs of cased letters, and what lies between
    std::size_t end = at;
    const bool cased = is_cased(decode_code_point(text, at).value);
    while (end < text.size()) {
      const CodePoint c = decode_code_point(text, end);
      if (is_cased(c.value) != cased) break;
      end += c.length;
    }
    const std::string_view run = text.substr(at, end - at);
    out += cased ? capitalize(run) : std::string(run);
    at = end;
  }
  return out;
}

std::string title_words(std::string_view text) {
  const auto parts = [](char32_t c) {
    return is_python_space(c) || c == '-' || c == '(' || c == '{' || c == '[' || c == '<';
  };
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t first = decode_code_point(text, at).length;
    std::size_t end = at;
    const bool gap = parts(decode_code_point(text, at).value);
    while (end < text.size()) {
      const CodePoint c = decode_code_point(text, end);
      if (parts(c.value) != gap) break;
      end += c.length;
    }
    if (gap) {
      out += text.substr(at, end - at);
    } else {
      out += upper(text.substr(at, first));
      out += lower(text.substr(at + first, end - at - first));
    }
    at = end;
  }
  return out;
}

std::string swap_case(std::string_view text) {
  std::string out;
  for (const std::string_view character : split_characters(text)) {
    const char32_t c = decode_code_point(character, 0).value;
    out += is_upper_or_title(c)    ? lower(character)
           : is_lower_character(c) ? upper(character)
                                   : std::string(character);
  }
  return out;
}

bool is_upper(std::string_view text) {
  bool cased = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    if (is_lower_character(c.value) ||
        u_charType(static_cast<UChar32>(c.value)) == U_TITLECASE_LETTER) {
      return false;
    }
    cased |= is_upper_or_title(c.value);
  }
  return cased;
}

bool is_lower(std::string_view text) {
  bool cased = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    if (is_upper_or_title(c.value)) return false;
    cased |= is_lower_character(c.value);
  }
  return cased;
}

bool is_title(std::string_view text) {
  bool cased = false, after_cased = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_code_point(text, at);
    at += c.length;
    if (is_upper_or_title(c.value)) {
      if (after_cased) return false;
      after_cased = cased = true;
    } else if (is_lower_character(c.value)) {
      if (!after_cased) return false;
      after_cased = cased = true;
    } else {
      after_cased = false;
    }
  }
  return cased;
}

}  // namespace parley::text::jinja
