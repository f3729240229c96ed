#include "chat/message_text.hpp"

#include "base/error.hpp"
#include "text/clean.hpp"
#include "text/utf8.hpp"

namespace parley::chat {
namespace {

constexpr std::size_t kTitleCharacters = 48;

bool is_space(char32_t c) {
  return c == ' ' || c == '\n' || c == '\t' || c == 0x3000;
}

}  // namespace

std::string clean_message(std::string_view text, std::string_view what) {
  if (text.size() > kMaxMessageBytes) {
    fail(ErrorKind::kLimit,
         std::string(what) + ": " + std::to_string(text.size()) + " bytes, at most " +
             std::to_string(kMaxMessageBytes) + " are accepted",
         "shorten the message, or send it in parts");
  }
  if (const auto at = text::find_invalid_utf8(text); at != std::string_view::npos) {
    fail(ErrorKind::kInvalidInput,
         std::string(what) + ": not valid UTF-8 at byte " + std::to_string(at),
         "send the text as UTF-8");
  }
  text::CleanOptions options;
  options.entities = false;  // people who type "&amp;" mean it
  std::string out = text::clean_text(text, options);
  if (out.empty()) {
    fail(ErrorKind::kInvalidInput, std::string(what) + ": empty", "write something");
  }
  return out;
}

std::string make_title(std::string_view question) {
  std::string title;  // words so far
  std::string word;
  std::size_t characters = 0;  // in title and word
  bool cut = false;
  for (std::size_t at = 0; at < question.size() && !cut;) {
    const text::CodePoint c = text::decode_code_point(question, at);
    at += c.length;
    if (is_space(c.value)) {
      if (word.empty()) continue;
      title += (title.empty() ? "" : " ") + word;
      word.clear();
      ++characters;
    } else if (characters >= kTitleCharacters) {
      cut = true;
    } else {
      text::append_code_point(word, c.value);
      ++characters;
    }
  }
  if (cut && title.empty()) return word + "…";  // one very long word, or a script without spaces
  if (!cut && !word.empty()) title += (title.empty() ? "" : " ") + word;
  return cut ? title + "…" : title;
}

}  // namespace parley::chat
