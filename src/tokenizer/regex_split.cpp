#include "tokenizer/regex_split.hpp"

#include <unicode/uregex.h>
#include <unicode/ustring.h>
#include <unicode/utext.h>

#include <string>
#include <vector>

#include "base/error.hpp"

namespace parley::text {
namespace {

constexpr std::size_t kMaxPattern = 1 << 14;
constexpr std::int32_t kStackBytes = 16 << 20;
// ICU reports every 10,000 backtracking points; a sane expression needs a few points a byte.
constexpr std::int64_t kReportsAtLeast = 1000;
constexpr std::size_t kBytesPerReport = 64;

// ICU's \s, \w and \d are narrower than the Unicode ones that tokenizers mean. Inside a set, a set
// of its own means the same.
std::string with_unicode_classes(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '\\' || i + 1 == pattern.size()) {
      out += pattern[i];
      continue;
    }
    switch (const char letter = pattern[++i]) {
      case 's':
        out += "\\p{White_Space}";
        break;
      case 'S':
        out += "\\P{White_Space}";
        break;
      case 'w':
        out += "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]";
        break;
      case 'W':
        out += "[^\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}]";
        break;
      default:
        out += '\\';
        out += letter;
    }
  }
  return out;
}

struct Steps {
  std::int64_t left;
};

UBool U_CALLCONV count_steps(const void* context, std::int32_t) {
  return --static_cast<Steps*>(const_cast<void*>(context))->left > 0;
}

}  // namespace

struct Regex::Compiled {
  URegularExpression* regex = nullptr;
  std::string where;
  ~Compiled() { uregex_close(regex); }
};

Regex::Regex(std::string_view pattern, std::string_view where)
    : compiled_(std::make_unique<Compiled>()) {
  const std::string name(where);
  if (pattern.empty() || pattern.size() > kMaxPattern) {
    fail(ErrorKind::kInvalidInput,
         name + ": a regular expression of " + std::to_string(pattern.size()) + " bytes",
         "expected 1 to " + std::to_string(kMaxPattern));
  }
  const std::string translated = with_unicode_classes(pattern);
  UErrorCode status = U_ZERO_ERROR;
  UParseError at = {};
  UText* text = utext_openUTF8(nullptr, translated.data(),
                               static_cast<std::int64_t>(translated.size()), &status);
  compiled_->regex = uregex_openUText(text, 0, &at, &status);
  utext_close(text);
  if (U_FAILURE(status)) {
    fail(ErrorKind::kInvalidInput,
         name + ": the regular expression does not compile (" + u_errorName(status) +
             " at character " + std::to_string(at.offset) + ")",
         "it is read in ICU's syntax");
  }
  uregex_setStackLimit(compiled_->regex, kStackBytes, &status);
  compiled_->where = name;
}

Regex::~Regex() = default;

void Regex::each(std::string_view text,
                 const std::function<void(std::string_view, bool)>& visit) const {
  UErrorCode status = U_ZERO_ERROR;
  // A compiled expression is shared; a matcher is not.
  struct Matcher {
    URegularExpression* regex;
    UText* text;
    ~Matcher() {
      uregex_close(regex);
      utext_close(text);
    }
  } matcher = {
      uregex_clone(compiled_->regex, &status),
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status)};
  Steps steps = {kReportsAtLeast + static_cast<std::int64_t>(text.size() / kBytesPerReport)};
  uregex_setMatchCallback(matcher.regex, count_steps, &steps, &status);
  uregex_setUText(matcher.regex, matcher.text, &status);
  std::size_t from = 0;
  while (U_SUCCESS(status) && uregex_findNext(matcher.regex, &status)) {
    const auto start = static_cast<std::size_t>(uregex_start64(matcher.regex, 0, &status));
    const auto end = static_cast<std::size_t>(uregex_end64(matcher.regex, 0, &status));
    if (U_FAILURE(status)) break;
    if (start > from) visit(text.substr(from, start - from), false);
    if (end > start) visit(text.substr(start, end - start), true);
    from = end;
  }
  if (U_FAILURE(status)) {
    fail(ErrorKind::kLimit,
         compiled_->where + ": the regular expression gave up on a text of " +
             std::to_string(text.size()) + " bytes (" + u_errorName(status) + ")",
         "split the text, or use a tokenizer with a simpler expression");
  }
  if (from < text.size()) visit(text.substr(from), false);
}

}  // namespace parley::text
