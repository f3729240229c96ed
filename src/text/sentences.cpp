#include "text/sentences.hpp"

#include <unicode/ubrk.h>
#include <unicode/utext.h>

#include <memory>

#include "base/error.hpp"

namespace parley::text {

std::size_t whole_sentences(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const std::unique_ptr<UBreakIterator, decltype(&ubrk_close)> breaks(
      ubrk_open(UBRK_SENTENCE, "", nullptr, 0, &status), ubrk_close);
  const std::unique_ptr<UText, decltype(&utext_close)> bytes(
      utext_openUTF8(nullptr, text.data(), static_cast<std::int64_t>(text.size()), &status),
      utext_close);
  if (U_SUCCESS(status)) ubrk_setUText(breaks.get(), bytes.get(), &status);
  if (U_FAILURE(status))
    fail(ErrorKind::kInternal, std::string("ICU cannot find sentences: ") + u_errorName(status));
  if (text.ends_with('\n')) return text.size();
  std::size_t whole = 0;
  for (std::int32_t at = ubrk_next(breaks.get()); at != UBRK_DONE; at = ubrk_next(breaks.get())) {
    if (static_cast<std::size_t>(at) < text.size()) whole = static_cast<std::size_t>(at);
  }
  return whole;
}

}  // namespace parley::text
