#include "text/html_charset.hpp"

#include <unicode/ucnv.h>
#include <unicode/unistr.h>

#include <algorithm>

#include "base/error.hpp"
#include "text/html_tag.hpp"
#include "text/utf8.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kPrescan = 1024;  // bytes in which the HTML standard looks for a declaration

std::string lower_trimmed(std::string_view text) {
  constexpr std::string_view kAround = " \t\r\n\f\"'";
  const std::size_t start = text.find_first_not_of(kAround);
  if (start == std::string_view::npos) return {};
  std::string out(text.substr(start, text.find_last_not_of(kAround) + 1 - start));
  std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
  return out;
}

// The charset of "text/html; charset=utf-8".
std::string charset_of_content(std::string_view content) {
  const std::string low = lower_trimmed(content);
  std::size_t at = low.find("charset");
  if (at == std::string::npos) return {};
  at = low.find_first_not_of(" \t\r\n\f", at + 7);
  if (at == std::string::npos || low[at] != '=') return {};
  const std::string_view value = std::string_view(low).substr(at + 1);
  return lower_trimmed(value.substr(0, value.find(';')));
}

// The standard reads these as what pages that claim them are in truth.
std::string_view meant_charset(std::string_view name) {
  struct Meant {
    std::string_view claimed, meant;
  };
  static constexpr Meant kMeant[] = {{"iso-8859-1", "windows-1252"},
                                     {"iso8859-1", "windows-1252"},
                                     {"latin1", "windows-1252"},
                                     {"latin-1", "windows-1252"},
                                     {"l1", "windows-1252"},
                                     {"ascii", "windows-1252"},
                                     {"us-ascii", "windows-1252"},
                                     {"iso-8859-9", "windows-1254"},
                                     {"latin5", "windows-1254"},
                                     {"iso-8859-11", "windows-874"},
                                     {"tis-620", "windows-874"},
                                     {"gb2312", "gb18030"},
                                     {"gbk", "gb18030"},
                                     {"ks_c_5601-1987", "windows-949"},
                                     {"euc-kr", "windows-949"},
                                     {"shift_jis", "windows-31j"},
                                     {"shift-jis", "windows-31j"},
                                     {"sjis", "windows-31j"},
                                     {"utf-16", "utf-8"},
                                     {"utf-16le", "utf-8"},
                                     {"utf-16be", "utf-8"},
                                     {"utf8", "utf-8"},
                                     {"unicode", "utf-8"}};
  const auto* found = std::find_if(std::begin(kMeant), std::end(kMeant),
                                   [&](const Meant& each) { return each.claimed == name; });
  return found == std::end(kMeant) ? name : found->meant;
}

std::string convert(std::string_view bytes, const std::string& charset) {
  UErrorCode status = U_ZERO_ERROR;
  UConverter* converter = ucnv_open(charset.c_str(), &status);
  if (U_FAILURE(status)) {
    fail(ErrorKind::kInvalidInput,
         "the page declares the character set \"" + std::string(utf8_prefix(charset, 40)) +
             "\", which is not known",
         "save it as UTF-8, and correct its <meta charset>");
  }
  const icu::UnicodeString text(bytes.data(), static_cast<std::int32_t>(bytes.size()), converter,
                                status);
  ucnv_close(converter);
  if (U_FAILURE(status)) {
    fail(ErrorKind::kInvalidInput, "the page cannot be read as " + charset + ", which it declares",
         "save it as UTF-8, and correct its <meta charset>");
  }
  std::string out;
  text.toUTF8String(out);
  return out;
}

}  // namespace

std::string declared_charset(std::string_view html) {
  const std::string_view start = html.substr(0, kPrescan);
  if (start.substr(0, 5) == "<?xml") {
    const HtmlTag declaration{"xml", false, false, start.substr(5, start.find('>') - 5), 0};
    std::string encoding = lower_trimmed(html_attribute(declaration, "encoding"));
    if (!encoding.empty()) return encoding;
  }
  for (std::size_t at = 0; (at = start.find('<', at)) != std::string_view::npos;) {
    if (start.substr(at, 4) == "<!--") {
      const std::size_t end = start.find("-->", at + 4);
      if (end == std::string_view::npos) break;
      at = end + 3;
      continue;
    }
    const HtmlTag tag = read_html_tag(start, at);
    if (tag.name == "meta" && !tag.closing) {
      std::string charset = lower_trimmed(html_attribute(tag, "charset"));
      if (charset.empty() && lower_trimmed(html_attribute(tag, "http-equiv")) == "content-type") {
        charset = charset_of_content(html_attribute(tag, "content"));
      }
      if (!charset.empty()) return charset;
    }
    at = tag.name.empty() ? at + 1 : tag.end;
  }
  return {};
}

std::string decode_page(std::string_view bytes, std::size_t* replaced) {
  const bool is_utf8 = is_valid_utf8(bytes) && !is_ascii(bytes);
  const std::string charset(is_utf8 ? "utf-8" : meant_charset(declared_charset(bytes)));
  if (charset.empty() || charset == "utf-8") return repair_utf8(bytes, replaced);
  std::string text = convert(bytes, charset);
  for (std::size_t at = 0; (at = text.find("\uFFFD", at)) != std::string::npos; at += 3) {
    ++*replaced;
  }
  return text;
}

}  // namespace parley::text
