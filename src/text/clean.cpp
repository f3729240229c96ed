#include "text/clean.hpp"

#include <unicode/normalizer2.h>
#include <unicode/stringpiece.h>

#include <algorithm>
#include <vector>

#include "base/error.hpp"
#include "text/code_spans.hpp"
#include "text/references.hpp"
#include "text/utf8.hpp"

namespace parley::text {
namespace {

const icu::Normalizer2& nfc() {
  static const icu::Normalizer2* instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const icu::Normalizer2* found = icu::Normalizer2::getNFCInstance(status);
    if (U_FAILURE(status)) {
      fail(ErrorKind::kInternal, std::string("ICU has no NFC data: ") + u_errorName(status),
           "reinstall the package libicu72");
    }
    return found;
  }();
  return *instance;
}

// Printable ASCII and single line ends with tidy spaces and no '&': nothing in such text can
// change. Most messages are.
bool is_clean_ascii(std::string_view text) {
  if (text.empty()) return true;
  if (text.front() == ' ' || text.front() == '\n' || text.back() == ' ' || text.back() == '\n') {
    return false;
  }
  // No early exit, so that the compiler turns the loop into vector code.
  const char* p = text.data();
  const std::size_t last = text.size() - 1;
  unsigned bad = 0;
  for (std::size_t i = 0; i < last; ++i) {
    const unsigned char c = static_cast<unsigned char>(p[i]);
    const unsigned char next = static_cast<unsigned char>(p[i + 1]);
    bad |= static_cast<unsigned>(c < 0x20) | static_cast<unsigned>(c > 0x7E) |
           static_cast<unsigned>(c == '&') |
           (static_cast<unsigned>(c == ' ') & static_cast<unsigned>(next == ' '));
  }
  const unsigned char c = static_cast<unsigned char>(p[last]);
  return bad == 0 && c >= 0x20 && c <= 0x7E && c != '&';
}

enum class Fate { kKeep, kDrop, kSpace, kLineEnd };

Fate fate(char32_t c) {
  if (c < 0x20) {
    if (c == '\n' || c == '\t') return Fate::kKeep;
    return c == '\v' || c == '\f' ? Fate::kLineEnd : Fate::kDrop;  // \r is handled by the caller
  }
  if (c < 0x7F) return Fate::kKeep;
  if (c < 0xA0) return c == 0x85 ? Fate::kLineEnd : Fate::kDrop;
  if (c == 0xA0) return Fate::kSpace;
  if (c == 0xAD) return Fate::kDrop;  // soft hyphen
  if (c < 0x1680) return Fate::kKeep;
  if (c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x202F || c == 0x205F || c == 0x3000) {
    return Fate::kSpace;
  }
  if (c == 0x2028 || c == 0x2029) return Fate::kLineEnd;
  if (c == 0x200B || c == 0x2060 || c == 0xFEFF) return Fate::kDrop;  // zero width
  if ((c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069)) return Fate::kDrop;
  if ((c >= 0xFDD0 && c <= 0xFDEF) || (c & 0xFFFE) == 0xFFFE) return Fate::kDrop;  // non-characters
  return Fate::kKeep;
}

// If `out` ends in "&name;" that is a reference, takes it off and returns what it stands for. What
// is before `barrier` is code and stays.
std::string take_reference(std::string& out, std::size_t barrier) {
  const std::size_t end = out.size() - 1;  // the semicolon
  const std::size_t first = std::max(barrier, end > kMaxReference ? end - kMaxReference - 1 : 0);
  for (std::size_t i = end; i-- > first;) {
    if (out[i] == '&') {
      std::string text = reference_text(std::string_view(out).substr(i + 1, end - i - 1));
      if (!text.empty()) out.resize(i);
      return text;
    }
    if (out[i] == ';' || out[i] == ' ') return {};
  }
  return {};
}

// Characters and entities. Entities are reduced at the end of what is written so far, so "&amp;lt;"
// and "&&#97;mp;" end without any entity left in one linear pass. In code they are what is meant.
std::string filter_characters(std::string_view text, bool entities, bool in_code_too,
                              CleanChanges& changes) {
  std::string out;
  out.reserve(text.size());
  const auto put = [&](char32_t c) {
    switch (fate(c)) {
      case Fate::kKeep:
        append_code_point(out, c);
        break;
      case Fate::kDrop:
        changes.characters = true;
        break;
      case Fate::kSpace:
        out.push_back(' ');
        changes.space = true;
        break;
      case Fate::kLineEnd:
        out.push_back('\n');
        changes.space = true;
        break;
    }
  };
  const std::vector<CodeSpan> code =
      entities && !in_code_too ? find_code_spans(text) : std::vector<CodeSpan>();
  std::size_t span = 0;     // the first that does not end before `at`
  std::size_t barrier = 0;  // the end of the last in `out`
  for (std::size_t at = 0; at < text.size();) {
    while (span < code.size() && at >= code[span].to) ++span;
    const bool in_code = span < code.size() && at >= code[span].from;
    const unsigned char first = static_cast<unsigned char>(text[at]);
    if (first == '\r') {
      out.push_back('\n');
      changes.space = true;
      at += at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 1;
      continue;
    }
    if (first >= 0x20 && first < 0x7F) {
      out.push_back(static_cast<char>(first));
      ++at;
    } else {
      const CodePoint c = decode_code_point(text, at);
      put(c.value);
      at += c.length;
    }
    if (in_code) barrier = out.size();
    while (entities && out.size() > barrier && out.back() == ';') {
      const std::string meant = take_reference(out, barrier);
      if (meant.empty()) break;
      changes.entities = true;
      for (std::size_t i = 0; i < meant.size();) {
        const CodePoint c = decode_code_point(meant, i);
        put(c.value == '\r' ? U'\n' : c.value);
        i += c.length;
      }
    }
  }
  return out;
}

// Each pass may turn code into text; what needs more is made to need them.
constexpr int kPassesWithCode = 8;

bool is_fence(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  return start != std::string_view::npos && line.substr(start, 3) == "```";
}

void append_line(std::string& out, std::string_view line, bool verbatim) {
  const std::size_t end = line.find_last_not_of(" \t");
  line = line.substr(0, end == std::string_view::npos ? 0 : end + 1);
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos) return;
  if (verbatim) {
    out.append(line);
    return;
  }
  out.append(line.substr(0, start));
  bool space = false;
  for (const char c : line.substr(start)) {
    const bool is_space = c == ' ' || c == '\t';
    if (!is_space) {
      out.push_back(c);
    } else if (!space) {
      out.push_back(' ');
    }
    space = is_space;
  }
}

std::string tidy_space(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\n");
  if (start == std::string_view::npos) return {};
  text = text.substr(start, text.find_last_not_of(" \t\n") + 1 - start);
  std::string out;
  out.reserve(text.size());
  bool fenced = false;
  int empty_lines = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string_view line = text.substr(at, end - at);
    const std::size_t before = out.size();
    append_line(out, line, fenced);
    if (out.size() == before) {
      ++empty_lines;
    } else {
      empty_lines = 0;
      if (is_fence(line)) fenced = !fenced;
    }
    if (end < text.size() && empty_lines < 2) out.push_back('\n');
    at = end + 1;
  }
  return out;
}

}  // namespace

bool is_nfc(std::string_view text) {
  // Everything below U+0300, the first combining mark, is NFC: lead bytes below 0xCC.
  unsigned marks = 0;
  for (const char c : text) marks |= static_cast<unsigned>(static_cast<unsigned char>(c) >= 0xCC);
  if (marks == 0) return true;
  UErrorCode status = U_ZERO_ERROR;
  const bool normal = nfc().isNormalizedUTF8(
      icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())), status);
  return U_SUCCESS(status) && normal;
}

std::string to_nfc(std::string_view text) {
  std::string out;
  icu::StringByteSink<std::string> sink(&out, static_cast<std::int32_t>(text.size()));
  UErrorCode status = U_ZERO_ERROR;
  nfc().normalizeUTF8(0, icu::StringPiece(text.data(), static_cast<std::int32_t>(text.size())),
                      sink, nullptr, status);
  if (U_FAILURE(status)) {
    fail(ErrorKind::kInternal, std::string("Unicode normalisation failed: ") + u_errorName(status));
  }
  return out;
}

std::string clean_text(std::string_view text, CleanOptions options, CleanChanges* changes) {
  if (is_clean_ascii(text)) return std::string(text);
  CleanChanges seen;
  std::string repaired;
  if (!is_valid_utf8(text)) {
    repaired = repair_utf8(text);
    text = repaired;
    seen.bytes = true;
  }
  std::string current(text);
  // One pass is nearly always enough. A second one is for what the first creates (U+037E becomes a
  // semicolon, which may end an entity; an entity becomes a backtick, which may end code), and
  // stops as soon as nothing changes.
  for (int pass = 1;; ++pass) {
    std::string next = filter_characters(current, options.entities, pass > kPassesWithCode, seen);
    if (!is_nfc(next)) {
      next = to_nfc(next);
      seen.nfc = true;
    }
    std::string tidy = tidy_space(next);
    seen.space = seen.space || tidy.size() != next.size();
    if (tidy == current || is_clean_ascii(tidy)) {
      if (changes) *changes = seen;
      return tidy;
    }
    current = std::move(tidy);
  }
}

}  // namespace parley::text
