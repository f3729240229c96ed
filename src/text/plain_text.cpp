#include "text/plain_text.hpp"

#include <algorithm>
#include <utility>

namespace parley::text {

void PlainTextWriter::flush() {
  if (!out_.empty()) {
    if (pending_lines_ > 0) {
      out_.append(static_cast<std::size_t>(pending_lines_), '\n');
    } else if (pending_space_) {
      out_.push_back(' ');
    }
  }
  pending_lines_ = 0;
  pending_space_ = false;
}

void PlainTextWriter::inline_text(std::string_view text) {
  for (const char c : text) {
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      pending_space_ = true;
    } else {
      if (pending_lines_ > 0 || pending_space_) flush();
      out_.push_back(c);
    }
  }
}

void PlainTextWriter::verbatim(std::string_view text) {
  if (text.empty()) return;
  flush();
  out_.append(text);
}

void PlainTextWriter::line_break() {
  pending_lines_ = std::max(pending_lines_, 1);
}
void PlainTextWriter::paragraph_break() {
  pending_lines_ = 2;
}

std::string PlainTextWriter::take() {
  pending_lines_ = 0;
  pending_space_ = false;
  const std::size_t end = out_.find_last_not_of(" \t\r\n");
  out_.resize(end == std::string::npos ? 0 : end + 1);
  return std::exchange(out_, {});
}

}  // namespace parley::text
